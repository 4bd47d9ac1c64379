import { listMembers } from '@gatehouse/edge-headers/optional-whitespace'
import { type AllowsOrigin, canonicalOrigin } from '@gatehouse/edge-headers/web-origin'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ResponseHeaders } from '../forwarding/response-headers.ts'
import { originNotListed } from '../refusals.ts'
import { methodsOf } from '../routes/demand.ts'
import type { Route } from '../routes/route.ts'
import type { CorsPolicy } from './cors-policy.ts'

export type CrossOrigin = {
  /** whether an operator has listed any origin */
  readonly anyListed: boolean
  readonly allowsOrigin: AllowsOrigin
  /** for every route that does not say otherwise */
  readonly policy: CorsPolicy
  /** the route that a target is of, if of any */
  readonly routeOf: (target: string) => Route | null
}

/** Writes on a service's answer which page may read it. */
export type MarkOrigin = (
  headers: ResponseHeaders,
  origin: string | undefined,
  route: Route | null
) => void

/**
 * Lets pages of the listed origins, and of no other, read answers and use the cookie (CORS, Fetch standard §3.3). A preflight is
 * answered here, before anyone is asked who they are: it has no credential. For these pages the gateway overwrites which origin a
 * service allows. A route with `preflights: service` leaves all of that to its service.
 * @returns what to do with an answer that is written past the framework
 */
export function allowOrigins(app: FastifyInstance, cross: CrossOrigin): MarkOrigin {
  const { anyListed, allowsOrigin, policy, routeOf } = cross
  const listOf = (route: Route | null): Pick<CrossOrigin, 'anyListed' | 'allowsOrigin'> =>
    route === null || route.allowsOrigin === null
      ? { anyListed, allowsOrigin }
      : { anyListed: true, allowsOrigin: route.allowsOrigin }
  const mark: MarkOrigin = (headers, origin, route) => {
    const list = listOf(route)
    if (!list.anyListed) return
    headers.vary = withOrigin(headers.vary)
    if (!list.allowsOrigin(origin)) return
    const { credentials, exposedHeaders } = { ...policy, ...route?.cors }
    headers['access-control-allow-origin'] = origin
    if (credentials) headers['access-control-allow-credentials'] = 'true'
    else delete headers['access-control-allow-credentials']
    headers['access-control-expose-headers'] = exposed(headers, exposedHeaders, credentials)
  }

  app.addHook('onRequest', async (request, reply) => {
    const { method, headers } = request
    const { origin, 'access-control-request-method': asked } = headers
    if (method !== 'OPTIONS' || origin === undefined || asked === undefined) return
    const route = routeOf(request.originalUrl)
    if (route?.preflights === 'service') return
    const list = listOf(route)
    if (list.allowsOrigin(origin)) {
      return answerPreflight(request, reply, { policy, route, asked })
    }
    // Where no origin is listed, a public route's service may answer pages itself.
    if (!list.anyListed && route?.access !== 'signed-in') return
    throw originNotListed(canonicalOrigin(origin) !== null)
  })
  app.addHook('onSend', async (request, reply) => {
    const headers = reply.getHeaders() as ResponseHeaders
    mark(headers, request.headers.origin, routeOf(request.originalUrl))
    reply.headers(headers)
  })
  return (headers, origin, route) => {
    if (route?.preflights !== 'service') mark(headers, origin, route)
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

/** A star is not one to browsers where they send credentials: each that they ask for stands in its place. */
const allowed = (names: readonly string[], asked: readonly string[]): string =>
  [
    ...new Set(names.includes('*') ? [...names, ...asked].filter((one) => one !== '*') : names)
  ].join(', ')

/** The service's own list, added to ours. */
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
