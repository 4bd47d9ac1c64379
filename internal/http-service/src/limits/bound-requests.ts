import type { IncomingMessage, Server } from 'node:http'
import { constants } from 'node:http2'
import type { FastifyInstance } from 'fastify'
import { isHttpTwo } from '../http-two.ts'

/** The time at which each request is given up. */
const deadlines = new WeakMap<object, NodeJS.Timeout>()

/** Lets a request of HTTP/2 arrive for as long as its stream is open. */
export const mayTakeAnyTime = (raw: IncomingMessage): void => clearTimeout(deadlines.get(raw))

/**
 * Gives up a request that does not arrive completely in time, with everything that waits for its
 * body. Node.js does that by itself for HTTP/1, but a stream of HTTP/2 could stall forever, or
 * arrive one byte at a time.
 */
export function boundRequests(
  service: FastifyInstance,
  { requestMs, headersMs, idleMs }: { requestMs: number; headersMs: number; idleMs: number }
): void {
  // The framework sets these only on a server of HTTP/1, not on one of HTTP/2 that accepts both.
  const server = service.server as Server
  server.requestTimeout = requestMs
  // It must not exceed `requestTimeout`: Node.js would exchange the two values.
  server.headersTimeout = Math.min(headersMs, requestMs)
  server.keepAliveTimeout = idleMs
  service.addHook('onRequest', (request, _reply, next) => {
    const { raw } = request
    if (isHttpTwo(raw) && !raw.stream.endAfterHeaders && !raw.stream.readableEnded) {
      const { stream } = raw
      const deadline = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), requestMs)
      deadlines.set(raw, deadline)
      const isWhole = () => clearTimeout(deadline)
      stream.once('end', isWhole).once('close', isWhole)
    }
    next()
  })
}
