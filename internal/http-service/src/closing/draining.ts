import type { FastifyInstance } from 'fastify'
import { lastResponses } from './last-responses.ts'
import { leaveSessions } from './leave-sessions.ts'
import type { OpenConnections } from './open-connections.ts'

/** How a service that is about to end tells its clients to connect to another instance. */
type Draining = {
  readonly hasBegun: boolean
  /**
   * From now on, each response over HTTP/1 closes its connection, and HTTP/2 clients are told to
   * open another connection. The service still accepts connections and serves every request.
   */
  begin(): void
}

declare module 'fastify' {
  interface FastifyInstance {
    draining: Draining
  }
}

/**
 * Decorates a service with its `draining`. After `oneAtATime`, so that it sees each request when it
 * arrives.
 * @param silentMs how long an HTTP/2 client may be silent before it is told
 */
export function drainable(
  service: FastifyInstance,
  connections: OpenConnections,
  silentMs?: number
): void {
  let hasBegun = false
  const isDraining = () => hasBegun
  const lastResponsesBegin = lastResponses(service, connections, isDraining)
  const leavingBegins = leaveSessions(service, isDraining, silentMs)
  service.decorate('draining', {
    get hasBegun() {
      return hasBegun
    },
    begin() {
      if (hasBegun) return
      hasBegun = true
      lastResponsesBegin()
      leavingBegins()
    }
  } satisfies Draining)
}
