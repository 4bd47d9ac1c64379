import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance } from 'fastify'
import { rawAnswer } from './raw-answer.ts'

/**
 * Refuses what Node.js lets pass, or answers by itself in a form of its own: versions that are none of HTTP/1.x (its parser
 * reads 0.9 and 2.0 too), HTTP/1.1 without Host (RFC 9112 §3.2), chunks in HTTP/1.0, which has none (§6.1), an expectation
 * that nobody can meet (RFC 9110 §10.1.1), and CONNECT.
 */
export function httpOne(service: FastifyInstance): void {
  const { server } = service
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  server.on('connect', (_request: IncomingMessage, socket: Socket) => refuseTunnel(socket))
  service.addHook('onRequest', (request, _reply, next) => {
    const flaw = flawOf(request.raw)
    if (flaw === null) next()
    else next(unreadable(flaw))
  })
}

function flawOf({ httpVersion, headers }: IncomingMessage): string | null {
  if (headers.expect !== undefined && !CONTINUE.test(headers.expect)) return 'another expectation'
  if (httpVersion === '1.1') return headers.host === undefined ? 'no Host' : null
  if (httpVersion !== '1.0') return 'another version of HTTP'
  return headers['transfer-encoding'] === undefined ? null : 'Transfer-Encoding in HTTP/1.0'
}

const CONTINUE = /^100-continue$/i

/** Nothing here tunnels, and what follows the request is not HTTP. */
function refuseTunnel(socket: Socket): void {
  socket.on('error', () => {})
  socket.end(rawAnswer(new Refusal('METHOD_NOT_ALLOWED', { reason: 'CONNECT' })))
}

const unreadable = (reason: string) =>
  new Refusal('INVALID_REQUEST', {
    reason,
    detail: 'not a valid HTTP request',
    headers: { connection: 'close' }
  })
