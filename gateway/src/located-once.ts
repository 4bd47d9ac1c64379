import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type LocatedTarget, locateTarget } from './routes/located-target.ts'
import type { RouteTable } from './routes/route-table.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** null until something asks for it */
    located: LocatedTarget | null
  }
}

/**
 * Reads the target of each request only once, for the journey, the form of errors and the headers
 * for pages of other origins. So all of them see the same route, even while the table changes, and
 * a hostile target costs its work once.
 */
export function locateOnce(
  app: FastifyInstance,
  table: () => RouteTable
): (request: FastifyRequest) => LocatedTarget {
  app.decorateRequest('located', null)
  return (request) => {
    request.located ??= locateTarget(table(), request.originalUrl)
    return request.located
  }
}
