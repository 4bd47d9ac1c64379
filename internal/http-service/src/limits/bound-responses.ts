import type { FastifyInstance } from 'fastify'
import { breakOffUnlessClosed } from '../http-two.ts'

/**
 * Breaks off a response of the service's own that its client does not read. Otherwise its
 * connection, and over HTTP/2 each of its streams, would stay open for as long as the client likes.
 * The code that writes a streamed response limits it.
 */
export function boundResponses(service: FastifyInstance, unreadMs: number): void {
  service.addHook('onSend', (_request, reply, payload, next) => {
    if (typeof payload === 'string' || Buffer.isBuffer(payload) || !payload)
      breakOffUnlessClosed(reply.raw, unreadMs)
    next()
  })
}
