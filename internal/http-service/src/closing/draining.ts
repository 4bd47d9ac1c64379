import type { FastifyInstance } from 'fastify'
import { lastResponses } from './last-responses.ts'
import { leaveSessions } from './leave-sessions.ts'
import type { OpenConnections } from './open-connections.ts'

/** Why a service drains: it is about to end, or an operator has taken it out of service. */
type DrainReason = 'end' | 'operator'

/** How a service tells its clients to connect to another instance. */
type Draining = {
  readonly hasBegun: boolean
  readonly isEnding: boolean
  /**
   * From now on, each response over HTTP/1 closes its connection, and HTTP/2 clients are told to
   * open another connection. The service still accepts connections and serves every request.
   * @param why by default, the service is about to end
   */
  begin(why?: DrainReason): void
  /** An operator puts it back into service, unless it is about to end. */
  undo(): void
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
  const reasons = new Set<DrainReason>()
  const isDraining = () => reasons.size > 0
  const lastResponsesBegin = lastResponses(service, connections, isDraining)
  const leavingBegins = leaveSessions(service, isDraining, silentMs)
  service.decorate('draining', {
    get hasBegun() {
      return isDraining()
    },
    get isEnding() {
      return reasons.has('end')
    },
    begin(why = 'end') {
      const wasDraining = isDraining()
      reasons.add(why)
      if (wasDraining) return
      lastResponsesBegin()
      leavingBegins()
    },
    undo() {
      reasons.delete('operator')
    }
  } satisfies Draining)
}
