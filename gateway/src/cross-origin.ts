import type { FastifyInstance } from 'fastify'

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const REQUEST_HEADERS = 'authorization, content-type, x-request-id, traceparent'
const READABLE_HEADERS = 'location, retry-after, www-authenticate, x-request-id'
const PREFLIGHT_SECONDS = 600

/**
 * Lets pages of the listed origins, and of no other, read answers and use the cookie (CORS, Fetch standard §3.3). A
 * preflight is answered here, before anybody is asked who they are: it carries no credential. What services say of
 * origins themselves is overwritten for these.
 */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return
  const isAllowed = (origin: string | undefined): origin is string =>
    origin !== undefined && origins.includes(origin)

  app.addHook('onRequest', async (request, reply) => {
    const preflight =
      request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
    if (!preflight || !isAllowed(request.headers.origin)) return
    return reply
      .code(204)
      .headers({
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': String(PREFLIGHT_SECONDS)
      })
      .send()
  })

  app.addHook('onSend', async (request, reply) => {
    const vary = reply.getHeader('vary')
    reply.header('vary', vary === undefined ? 'origin' : `${vary}, origin`)
    const { origin } = request.headers
    if (!isAllowed(origin)) return
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': READABLE_HEADERS
    })
  })
}
