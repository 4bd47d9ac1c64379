import type { IncomingMessage } from 'node:http'
import { callerOf } from '../limits/caller.ts'
import type { ArrivedHop } from '../proxies/arrived-hop.ts'
import type { IsTrustedProxy } from '../proxies/trusted-proxies.ts'
import { clientGone } from '../refusals.ts'
import type { Arrival } from '../request/arrival.ts'
import type { Hop } from '../request/hop.ts'
import { type LocatedTarget, locateTarget } from '../routes/table/located-target.ts'
import type { RouteTable } from '../routes/table/route-table.ts'
import { type RequestSpans, traceOf } from '../telemetry/request-spans.ts'
import type { Trail } from '../telemetry/trail.ts'

/** What is known of a request before its journey, with and without the framework. */
export type ArrivedRequest = {
  readonly id: string
  readonly trail: Trail
  /** its source and its connection; null: they are not noted yet, or the connection has closed */
  hop: Hop | null
  /** null until something asks for it */
  located: LocatedTarget | null
  /** why it was refused before the framework got it; null: it was not */
  refusal: unknown
}

export const newlyArrived = (id: string, trail: Trail): ArrivedRequest => ({
  id,
  trail,
  hop: null,
  located: null,
  refusal: null
})

/**
 * Begins the span of a request, and notes its source, before any stage can refuse the request.
 * @param hopOf may throw; the span has begun by then
 */
export function noteSource(
  arrived: ArrivedRequest,
  raw: IncomingMessage,
  spans: RequestSpans | null,
  hopOf: (raw: IncomingMessage) => ArrivedHop
): void {
  const { id, trail } = arrived
  const span = spans === null ? null : spans.begin(raw.headers, trail)
  trail.span = span
  const hop = hopOf(raw)
  trail.address = hop.addresses[0]
  arrived.hop = { requestId: id, trace: traceOf(span), ...hop }
}

export type LocatedOf = (arrived: ArrivedRequest) => LocatedTarget

/**
 * Reads the target of each request, or of the request that a proxy describes, only once: for the
 * journey, the form of errors and the headers for pages of other origins. So all of them see the
 * same route, even while the table changes, and a hostile target costs its work once.
 */
export const locateOnce =
  (table: () => RouteTable): LocatedOf =>
  (arrived) => {
    const { described, target } = arrived.trail
    arrived.located ??= locateTarget(table(), described?.target ?? target)
    return arrived.located
  }

/**
 * What the journey needs of a request.
 * @throws Refusal INVALID_REQUEST if its connection has closed
 */
export function arrivalOf(
  { hop, trail }: ArrivedRequest,
  located: LocatedTarget,
  limiter: Arrival['limiter'],
  isTrustedProxy: IsTrustedProxy
): Arrival {
  if (hop === null) throw clientGone()
  const [address] = hop.addresses
  const caller: Arrival['caller'] = (token) => callerOf(token, address, isTrustedProxy)
  return { hop, trail, located, limiter, caller }
}
