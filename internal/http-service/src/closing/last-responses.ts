import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { isHttpTwo } from '../http-two.ts'
import { newestResponse } from '../turns/one-at-a-time.ts'
import type { OpenConnections } from './open-connections.ts'

/**
 * How long a client may take to send the first bytes on a new connection, when the service closes.
 */
const SILENT_MS = 1000

/**
 * Makes the next response on each HTTP/1 connection its last one (RFC 9112 §9.6), once the service
 * drains. An idle connection stays open until the service closes: a request may be on its way, and
 * its client would not know whether it was received. It must see each request when it arrives,
 * before the request waits for its turn.
 * @returns makes the responses to the requests that have arrived the last ones
 */
export function lastResponses(
  service: FastifyInstance,
  connections: OpenConnections,
  isDraining: () => boolean
): () => void {
  const onRequest = (raw: IncomingMessage, response: ServerResponse): void => {
    if (!isDraining() || isHttpTwo(raw)) return
    const before = newestResponse(raw.socket)
    // The client has pipelined requests. The response to the newest of them is the last one.
    if (before !== null) before.shouldKeepAlive = true
    response.shouldKeepAlive = false
  }
  service.server.prependListener('request', onRequest)
  service.addHook('preClose', async () => {
    setTimeout(() => {
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
    }, SILENT_MS).unref()
  })
  return () => {
    for (const socket of connections) {
      const newest: ServerResponse | null = newestResponse(socket)
      if (newest !== null) newest.shouldKeepAlive = false
    }
  }
}
