import { isUtf8 } from 'node:buffer'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { refuseEncoded } from './encoded-bodies.ts'

/**
 * JSON bodies. An empty body counts as absent, because a browser that refreshes by cookie may send
 * only the content type. A member `__proto__` or `constructor.prototype` is an error. So are bytes
 * that are not UTF-8 (RFC 8259 §8.1): all of them would be decoded to the same replacement
 * character, and two different passwords would be equal.
 */
export const jsonBodies = fp(async (service: FastifyInstance) => {
  const parse = service.getDefaultJsonParser('error', 'error')
  service.removeContentTypeParser(['application/json', 'text/plain'])
  service.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      if (body.length === 0) return done(null, undefined)
      refuseEncoded(request.headers)
      if (isUtf8(body)) void parse(request, body.toString(), done)
      else done(notUtf8())
    }
  )
})

const notUtf8 = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the body is not UTF-8',
    detail: 'the body must be JSON in UTF-8'
  })
