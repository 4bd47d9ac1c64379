import type { IncomingMessage, ServerResponse } from 'node:http'
import { traceHeader } from '@gatehouse/edge-headers/names'
import { requestId } from '@gatehouse/edge-headers/request-id'
import { isGone } from '@gatehouse/http-service/http-two'
import type { ResponseHeaders } from '../../forwarding/headers/passed-headers.ts'
import type { WaitingClient } from '../../forwarding/response/waiting-client.ts'
import type { ArrivedHop } from '../../proxies/arrived-hop.ts'
import { callerOf } from '../../proxies/caller.ts'
import type { IsTrustedProxy } from '../../proxies/trusted-proxies.ts'
import { type LocatedTarget, locateTarget } from '../../routes/located-target.ts'
import type { RouteTable } from '../../routes/route-table.ts'
import type { Arrival } from '../../stages/arrival.ts'
import type { Hop } from '../../stages/stamp.ts'
import type { RequestTelemetry } from '../../telemetry/request-telemetry.ts'
import { servedByService } from '../../telemetry/served.ts'
import { newTrail, type Trail } from '../../telemetry/trail.ts'
import { beginHop } from '../note-arrival.ts'

/** RFC 6797 §6.1 */
export const hstsHeader = 'strict-transport-security'

/** What a request needs on its arrival. */
export type ArrivalPorts = {
  readonly hopOf: (raw: IncomingMessage) => ArrivedHop
  readonly isTrustedProxy: IsTrustedProxy
  readonly telemetry: RequestTelemetry
  /** for requests over TLS; null: it is not sent */
  readonly hsts: string | null
}

/** What is known of a request that the framework gets after it has begun. */
export type Begun = {
  readonly id: string
  readonly trail: Trail
  /** null: its connection has closed */
  readonly hop: Hop | null
  /** null: it was not read */
  readonly located: LocatedTarget | null
  /** why it is refused; null: the framework decides */
  readonly refusal: unknown
}

/** A request on its way through the gateway without the framework. */
export class PlainRequest implements WaitingClient, Begun {
  readonly id: string
  readonly request: IncomingMessage
  readonly raw: ServerResponse
  readonly trail: Trail
  located: LocatedTarget | null = null
  hop: Hop | null = null
  refusal: unknown = null
  readonly #ports: ArrivalPorts
  readonly #leave: (request: PlainRequest) => void
  #isLast = false

  /** @param leave gives it to the framework */
  constructor(
    request: IncomingMessage,
    raw: ServerResponse,
    ports: ArrivalPorts,
    leave: (request: PlainRequest) => void
  ) {
    this.request = request
    this.raw = raw
    this.#ports = ports
    this.#leave = leave
    this.id = requestId(request.headers)
    this.trail = newTrail(request.url ?? '', false)
  }

  /**
   * What the journey needs of it, once its source is noted; null if the framework must handle it: it
   * has no route, or one with limits, which are counted by a plugin.
   * @throws Refusal INVALID_REQUEST if the connection has closed
   */
  arrive(table: RouteTable): Arrival | null {
    const { request, trail } = this
    const { telemetry, hopOf, isTrustedProxy } = this.#ports
    const hop = beginHop({ id: this.id, raw: request, trail }, telemetry.spans, hopOf)
    const [address] = hop.addresses
    this.hop = hop
    const located = locateTarget(table, trail.target)
    this.located = located
    if (located.route === null || located.route.limits.length > 0) return null
    this.raw.on('close', this.#end)
    return {
      hop,
      trail,
      located,
      limiter: () => null,
      caller: (token) => callerOf(token, address, isTrustedProxy)
    }
  }

  readonly #end = (): void => {
    const { id, request, raw, trail } = this
    const { method = '', headers, socket } = request
    const ip = socket.remoteAddress ?? ''
    const served = { id, method, headers, ip, raw: request }
    this.#ports.telemetry.onServed(servedByService(served, raw, trail))
  }

  get requestId(): string {
    return this.id
  }

  ownHeaders(): ResponseHeaders {
    const { hsts } = this.#ports
    const headers: ResponseHeaders = {}
    if (hsts !== null && this.hop?.protocol === 'https') headers[hstsHeader] = hsts
    headers[traceHeader.requestId] = this.id
    if (this.#isLast) headers.connection = 'close'
    return headers
  }

  endConnection(): void {
    this.#isLast = true
  }

  takeOver(): void {}

  /** Gives it to the framework, which decides. */
  leave(): void {
    this.#leave(this)
  }

  refuse(refusal: unknown): void {
    // Its client has left, and its end is recorded.
    if (isGone(this.raw)) return
    this.raw.off('close', this.#end)
    this.refusal = refusal
    this.#leave(this)
  }
}
