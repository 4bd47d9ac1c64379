import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { Revocations } from '../revocation/follow-revocations.ts'
import { type CapacityOptions, serviceCapacity } from './capacity/service-capacity.ts'
import { httpTwoGauge } from './capacity/upstream-gauges.ts'
import type { Upstreams } from './capacity/upstreams.ts'
import { namedEndpoints } from './connections/endpoint.ts'
import { serviceConnections } from './connections/service-connections.ts'
import type { ExchangePorts } from './exchange.ts'
import { guardedFaults } from './faults/guarded-faults.ts'
import type { MarkOrigin } from './headers/passed-headers.ts'
import { lifetimes } from './lifetimes.ts'
import { openStreams } from './response/open-streams.ts'
import { unreadResponses } from './response/unread-responses.ts'

const CONNECT_TIMEOUT_MS = 2000

type ForwardingOptions = CapacityOptions & {
  readonly log: ServiceLog
  readonly markOrigin: MarkOrigin
  readonly revoked: Revocations
  /** the wall clock */
  readonly clock: () => number
}

/** What requests and WebSockets share: connections, capacity, and the watch on tokens. */
export type Forwarding = {
  /** what an exchange needs */
  readonly requests: ExchangePorts
  /** the capacity for WebSockets */
  readonly webSockets: Upstreams
  /** how much of a shared capacity one caller may use, in percent of what all others leave */
  readonly sharePercent: number
  /** Ends event streams, because the gateway shuts down. */
  shutDown(): void
  close(): Promise<void>
}

export function openForwarding(options: ForwardingOptions): Forwarding {
  const { limits, routes, revoked, markOrigin, metrics, clock } = options
  const capacity = serviceCapacity(options)
  const noteFault = guardedFaults(options)
  const connections = serviceConnections({
    connectMs: CONNECT_TIMEOUT_MS,
    monotonicClock: () => performance.now(),
    noteFault
  })
  httpTwoGauge(metrics, connections)
  routes.onChange(() => connections.keepOnly(namedEndpoints(routes.current())))
  const streams = openStreams(metrics)
  return {
    requests: {
      table: routes.current,
      responseMs: limits.responseMs,
      lifetimes: lifetimes(revoked, clock),
      noteFault,
      upstreams: capacity.requests,
      connections,
      streams,
      unread: unreadResponses(limits.unreadBytes, metrics),
      markOrigin
    },
    webSockets: capacity.webSockets,
    sharePercent: limits.sharePercent,
    shutDown: streams.shutDown,
    async close() {
      capacity.close()
      await connections.close()
    }
  }
}
