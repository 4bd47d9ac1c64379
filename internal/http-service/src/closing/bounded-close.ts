import type { FastifyInstance } from 'fastify'
import type { OpenConnections } from './open-connections.ts'

/**
 * How long requests in flight may take when a service closes; less than the time that the process
 * has to end.
 */
const LIMIT_MS = 8000

/**
 * Ends what does not end by itself when a service closes, such as a long download, or a client that
 * does not read. Otherwise the process would have to be killed while it still has to close other
 * things.
 */
export function boundedClose(
  service: FastifyInstance,
  connections: OpenConnections,
  limitMs: number = LIMIT_MS
): void {
  let limit: NodeJS.Timeout | undefined
  service.addHook('preClose', async () => {
    limit = setTimeout(() => {
      for (const socket of connections) socket.destroy()
    }, limitMs).unref()
  })
  service.server.once('close', () => clearTimeout(limit))
}
