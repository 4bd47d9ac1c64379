import type { AllowsOrigin } from '@gatehouse/edge-headers/web-origin'
import type { FastifyInstance } from 'fastify'
import type { ResponseHeaders } from './forwarding/response-headers.ts'

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const REQUEST_HEADERS = 'authorization, content-type, x-request-id, traceparent'
const READABLE_HEADERS = 'location, retry-after, www-authenticate, x-request-id'
const PREFLIGHT_SECONDS = 600

/** Writes on an answer which page may read it. */
export type MarkOrigin = (headers: ResponseHeaders, origin: string | undefined) => void

/**
 * Lets pages of the listed origins, and of no other, read answers and use the cookie (CORS, Fetch standard §3.3). A
 * preflight is answered here, before anybody is asked who they are: it carries no credential. What services say of
 * origins themselves is overwritten for these.
 * @returns what to do with an answer that is written past the framework
 */
export function allowOrigins(
  app: FastifyInstance,
  anyListed: boolean,
  isAllowed: AllowsOrigin
): MarkOrigin {
  if (!anyListed) return () => {}

  const mark: MarkOrigin = (headers, origin) => {
    headers.vary = headers.vary === undefined ? 'origin' : `${headers.vary}, origin`
    if (!isAllowed(origin)) return
    headers['access-control-allow-origin'] = origin
    headers['access-control-allow-credentials'] = 'true'
    headers['access-control-expose-headers'] = READABLE_HEADERS
  }

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
    const headers = reply.getHeaders() as ResponseHeaders
    mark(headers, request.headers.origin)
    reply.headers(headers)
  })
  return mark
}
