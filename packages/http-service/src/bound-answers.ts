import type { FastifyInstance } from 'fastify'
import { breakOffUnlessClosed } from './http-two.ts'

/**
 * Breaks off an answer of the service's own that its client does not read: otherwise its connection, and over HTTP/2 each of its
 * streams, would be kept for as long as the client likes. A stream that is answered is bounded by the code that writes it.
 */
export function boundAnswers(service: FastifyInstance, unreadMs: number): void {
  service.addHook('onSend', (_request, reply, payload, next) => {
    if (typeof payload === 'string' || Buffer.isBuffer(payload) || !payload)
      breakOffUnlessClosed(reply.raw, unreadMs)
    next()
  })
}
