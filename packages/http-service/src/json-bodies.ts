import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * JSON bodies, where an empty body counts as none at all: a browser that refreshes by cookie may send the content type
 * and nothing more. A member `__proto__` or `constructor.prototype` is an error.
 */
export const jsonBodies = fp(async (service: FastifyInstance) => {
  const parse = service.getDefaultJsonParser('error', 'error')
  service.removeContentTypeParser(['application/json', 'text/plain'])
  service.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined)
    else void parse(request, body.toString(), done)
  })
})
