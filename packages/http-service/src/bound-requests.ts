import type { Server } from 'node:http'
import { constants } from 'node:http2'
import type { FastifyInstance } from 'fastify'
import { isHttpTwo } from './http-two.ts'

/**
 * A request that has not come whole in its time is given up, and with it all that waits for its body. Node.js does that by
 * itself for HTTP/1, but a stream of HTTP/2 could stall for ever, or come a byte at a time.
 */
export function boundRequests(
  service: FastifyInstance,
  { requestMs, headersMs, idleMs }: { requestMs: number; headersMs: number; idleMs: number }
): void {
  // The framework would set these on a server of HTTP/1 only, and not where one of HTTP/2 takes both.
  const server = service.server as Server
  server.requestTimeout = requestMs
  // Were it the longer one, Node.js would take each for the other.
  server.headersTimeout = Math.min(headersMs, requestMs)
  server.keepAliveTimeout = idleMs
  service.addHook('onRequest', (request, _reply, next) => {
    const { raw } = request
    if (isHttpTwo(raw) && !raw.stream.endAfterHeaders) {
      const { stream } = raw
      const deadline = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), requestMs)
      const isWhole = () => clearTimeout(deadline)
      stream.once('end', isWhole).once('close', isWhole)
    }
    next()
  })
}
