import type { IncomingMessage } from 'node:http'
import { connectionOf } from '@gatehouse/http-service/http-two'
import type { FastifyInstance } from 'fastify'
import type { ClientTimes } from '../limits/client-times.ts'
import { type ConnectionLimits, limitConnections } from '../limits/connection-limits.ts'
import type { Ports } from '../ports.ts'
import { type ArrivedHop, arrivedHop } from '../proxies/arrived-hop.ts'
import { acceptProxyProtocol, type ProxiedConnectionOf } from '../proxies/proxy-protocol.ts'
import type { ProxySettings } from '../proxies/proxy-settings.ts'
import { watchUntrusted } from '../proxies/untrusted-proxy.ts'
import type { RequestSpans } from '../telemetry/request-spans.ts'
import { type ArrivedRequest, noteSource } from './arrived-request.ts'

/** Where the connections and the requests of clients come from. */
export type ClientSource = {
  /** Reads the headers of the PROXY protocol, and limits connections. */
  accept(service: FastifyInstance): void
  /**
   * Notes the source of a request, and begins its span.
   * @throws Refusal INVALID_REQUEST if its connection has closed
   */
  note(arrived: ArrivedRequest, raw: IncomingMessage): void
}

type ClientSourceOptions = Pick<Ports, 'log' | 'monotonicClock'> & {
  readonly proxies: ProxySettings
  readonly limits: Pick<ConnectionLimits, 'connections' | 'connectionsPerAddress'>
  readonly times: ClientTimes
  readonly spans: RequestSpans | null
}

export function clientSource(options: ClientSourceOptions): ClientSource {
  const { proxies, limits, times, spans, log, monotonicClock } = options
  const { isTrustedProxy, proxyProtocol, proxyHeaders: headers } = proxies
  const { connections } = limits
  // Before `accept`, there is no connection.
  let proxiedOf: ProxiedConnectionOf = () => null
  const noteUntrusted = watchUntrusted(isTrustedProxy, { log, monotonicClock })
  const hopOf = (raw: IncomingMessage): ArrivedHop => {
    const proxied = proxiedOf(connectionOf(raw))
    const hop = arrivedHop(raw, isTrustedProxy, { headers, proxied })
    if (proxied === null) noteUntrusted(raw, hop)
    return hop
  }
  return {
    accept(service) {
      const { idleMs } = times
      proxiedOf = acceptProxyProtocol(service, {
        proxyProtocol,
        isTrustedProxy,
        connections,
        idleMs,
        log,
        monotonicClock
      })
      limitConnections(service, { ...limits, isTrustedProxy, proxiedOf })
    },
    note: (arrived, raw) => noteSource(arrived, raw, spans, hopOf)
  }
}
