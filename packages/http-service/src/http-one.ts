import type { IncomingMessage } from 'node:http'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance } from 'fastify'

/**
 * Refuses what Node.js lets pass, or answers by itself in a form of its own: versions that are none of HTTP/1.x (its parser
 * reads 0.9 and 2.0 too), HTTP/1.1 without Host (RFC 9112 §3.2), and chunks in HTTP/1.0, which has none (§6.1).
 */
export function httpOne(service: FastifyInstance): void {
  service.addHook('onRequest', (request, _reply, next) => {
    const flaw = flawOf(request.raw)
    if (flaw === null) next()
    else next(unreadable(flaw))
  })
}

function flawOf({ httpVersion, headers }: IncomingMessage): string | null {
  if (httpVersion === '1.1') return headers.host === undefined ? 'no Host' : null
  if (httpVersion !== '1.0') return 'another version of HTTP'
  return headers['transfer-encoding'] === undefined ? null : 'Transfer-Encoding in HTTP/1.0'
}

const unreadable = (reason: string) =>
  new Refusal('INVALID_REQUEST', {
    reason,
    detail: 'not a valid HTTP request',
    headers: { connection: 'close' }
  })
