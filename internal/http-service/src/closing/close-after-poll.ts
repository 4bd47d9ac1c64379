import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { allAccepted } from './all-accepted.ts'
import type { OpenConnections } from './open-connections.ts'

/**
 * Closes the listener of a service when no connection waits to be accepted, and idle connections
 * when no bytes wait to be read. The kernel resets what waits at that moment, and a proxy must not
 * repeat a POST that was reset (RFC 9110 §9.2.2). Node.js closes idle connections before the
 * listener, and Fastify runs its hooks before that.
 */
export function closeAfterPoll(service: FastifyInstance, connections: OpenConnections): void {
  const { server } = service
  let accepted = 0
  connections.onOpen(() => {
    accepted += 1
  })
  const close = server.close.bind(server)
  const closeIdle = server.closeIdleConnections.bind(server)
  const closeNow = async (done?: (error?: Error) => void): Promise<void> => {
    await allAccepted(() => accepted)
    // `close` would call it before it closes the listener.
    server.closeIdleConnections = () => {}
    close(done)
    server.closeIdleConnections = closeIdle
    await allAccepted(() => accepted)
    closeIdle()
  }
  server.close = (done): Server => {
    closeNow(done).catch(done)
    return server
  }
}
