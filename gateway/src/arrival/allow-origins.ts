import { listMembers } from '@gatehouse/edge-headers/optional-whitespace'
import { type AllowsOrigin, canonicalOrigin } from '@gatehouse/edge-headers/web-origin'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { MarkOrigin, ResponseHeaders } from '../forwarding/headers/passed-headers.ts'
import { originNotListed } from '../refusals.ts'
import { methodsOf } from '../routes/demand.ts'
import type { CorsPolicy } from '../routes/entry/cors-policy.ts'
import type { Route } from '../routes/entry/route.ts'

export type CrossOrigin = {
  /** whether an operator has listed any origin */
  readonly anyListed: boolean
  readonly allowsOrigin: AllowsOrigin
  /** for every route without a policy of its own */
  readonly policy: CorsPolicy
}

/**
 * Lets pages of the listed origins, and of no others, read responses and use the cookie (CORS,
 * Fetch standard §3.3). The gateway answers a preflight here, before authentication, because a
 * preflight carries no credential. For these pages, the gateway overwrites the origins that a
 * service allows. A route with `preflights: service` leaves all of this to its service.
 * @param routeOf the route to which a request belongs, if there is one
 */
export function allowOrigins(
  app: FastifyInstance,
  cross: CrossOrigin,
  routeOf: (request: FastifyRequest) => Route | null
): void {
  const { policy } = cross
  const mark = markErrors(cross)

  app.addHook('onRequest', async (request, reply) => {
    const { method, headers } = request
    const { origin, 'access-control-request-method': asked } = headers
    if (method !== 'OPTIONS' || origin === undefined || asked === undefined) return
    const route = routeOf(request)
    if (route?.preflights === 'service') return
    const list = listOf(route, cross)
    if (list.allowsOrigin(origin)) {
      return answerPreflight(request, reply, { policy, route, asked })
    }
    // If no origin is listed, the service of a public route may answer pages itself.
    if (!list.anyListed && route?.access !== 'signed-in') return
    throw originNotListed(canonicalOrigin(origin) !== null)
  })
  app.addHook('onSend', async (request, reply) => {
    const headers = reply.getHeaders() as ResponseHeaders
    mark(headers, request.headers.origin, routeOf(request))
    reply.headers(headers)
  })
}

type Listed = Pick<CrossOrigin, 'anyListed' | 'allowsOrigin'>

const listOf = (route: Route | null, { anyListed, allowsOrigin }: Listed): Listed =>
  route === null || route.allowsOrigin === null
    ? { anyListed, allowsOrigin }
    : { anyListed: true, allowsOrigin: route.allowsOrigin }

/** Marks a response of a service, unless the service itself says who may read it. */
export function markResponses(cross: CrossOrigin): MarkOrigin {
  const mark = markErrors(cross)
  return (headers, origin, route) => {
    if (route?.preflights !== 'service') mark(headers, origin, route)
  }
}

/** Marks an error of the gateway, so that the page that gets it may read it. */
export function markErrors(cross: CrossOrigin): MarkOrigin {
  return (headers, origin, route) => {
    const list = listOf(route, cross)
    if (!list.anyListed) return
    headers.vary = withOrigin(headers.vary)
    if (!list.allowsOrigin(origin)) return
    const { credentials, exposedHeaders } = { ...cross.policy, ...route?.cors }
    headers['access-control-allow-origin'] = origin
    if (credentials) headers['access-control-allow-credentials'] = 'true'
    else delete headers['access-control-allow-credentials']
    headers['access-control-expose-headers'] = exposed(headers, exposedHeaders, credentials)
  }
}

type Preflight = {
  readonly policy: CorsPolicy
  readonly route: Route | null
  readonly asked: string
}

function answerPreflight(request: FastifyRequest, reply: FastifyReply, preflight: Preflight) {
  const { policy, route, asked } = preflight
  const ofRoute = route === null || route.methods === null ? {} : { methods: methodsOf(route) }
  const { methods, requestHeaders, maxAgeSeconds } = { ...policy, ...ofRoute, ...route?.cors }
  const names = [request.headers['access-control-request-headers'] ?? []].flat().join()
  return reply
    .code(204)
    .headers({
      'access-control-allow-methods': allowed(methods, [asked]),
      'access-control-allow-headers': allowed(requestHeaders, listMembers(names)),
      'access-control-max-age': String(maxAgeSeconds)
    })
    .send()
}

/**
 * Browsers do not read `*` as "all" if they send credentials, so the requested names replace it.
 */
const allowed = (names: readonly string[], asked: readonly string[]): string =>
  [
    ...new Set(names.includes('*') ? [...names, ...asked].filter((one) => one !== '*') : names)
  ].join(', ')

/** Adds the service's own list to ours. */
function exposed(headers: ResponseHeaders, ours: readonly string[], credentials: boolean): string {
  const own = [headers['access-control-expose-headers'] ?? []].flat().join()
  const names = new Set([...ours, ...listMembers(own)].map((name) => name.toLowerCase()))
  if (!names.has('*') || !credentials) return [...names].join(', ')
  return [...new Set([...names, ...Object.keys(headers)])].filter((name) => name !== '*').join(', ')
}

function withOrigin(vary: string | string[] | undefined): string {
  const given = [vary ?? []].flat().join(', ')
  const names = listMembers(given.toLowerCase())
  if (names.includes('origin') || names.includes('*')) return given
  return given === '' ? 'origin' : `${given}, origin`
}
