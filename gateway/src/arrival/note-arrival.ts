import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ArrivedHop } from '../proxies/arrived-hop.ts'
import { type LocatedTarget, locateTarget } from '../routes/located-target.ts'
import type { RouteTable } from '../routes/route-table.ts'
import type { Hop } from '../stages/stamp.ts'
import { type RequestSpans, traceOf } from '../telemetry/request-spans.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** the source of the request, and its connection */
    hop: Hop
    /** null until something asks for it */
    located: LocatedTarget | null
  }
}

/** Declares what a listener notes of each request. */
export function declareArrivals(app: FastifyInstance): void {
  app.decorateRequest('hop')
  app.decorateRequest('located', null)
}

/**
 * Notes the source of a request, and begins its span, before any stage can refuse the request.
 * @param hopOf may throw; the span has begun by then
 */
export function noteArrival(
  request: FastifyRequest,
  spans: RequestSpans | null,
  hopOf: (raw: IncomingMessage) => ArrivedHop
): void {
  request.hop = beginHop(request, spans, hopOf)
}

/** Begins the span of a request, and notes its source in its trail. */
export function beginHop(
  { id, raw, trail }: Pick<FastifyRequest, 'id' | 'raw' | 'trail'>,
  spans: RequestSpans | null,
  hopOf: (raw: IncomingMessage) => ArrivedHop
): Hop {
  const span = spans === null ? null : spans.begin(raw.headers, trail)
  trail.span = span
  const hop = hopOf(raw)
  trail.address = hop.addresses[0]
  return { requestId: id, trace: traceOf(span), ...hop }
}

export type LocatedOf = (request: FastifyRequest) => LocatedTarget

/**
 * Reads the target of each request, or of the request that a proxy describes, only once: for the
 * journey, the form of errors and the headers for pages of other origins. So all of them see the
 * same route, even while the table changes, and a hostile target costs its work once.
 */
export const locateOnce =
  (table: () => RouteTable): LocatedOf =>
  (request) => {
    const { described } = request.trail
    request.located ??= locateTarget(table(), described?.target ?? request.originalUrl)
    return request.located
  }
