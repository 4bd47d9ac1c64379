import fastifyJwt from '@fastify/jwt'
import { allowOriginsOf } from '@gatehouse/edge-headers/web-origin'
import { buildService, type Service } from '@gatehouse/http-service/build-service'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { RedisConnection } from '@gatehouse/redis/connect-redis'
import type { SightingReport } from '@gatehouse/sightings/report-sightings'
import type { Tracing } from '@gatehouse/tracing/tracing'
import type { FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { type AssertionKey, assertions } from './assertions/assertions.ts'
import { allowOrigins } from './cross-origin/allow-origins.ts'
import type { CorsPolicy } from './cross-origin/cors-policy.ts'
import { forward } from './forwarding/forward.ts'
import { lifetimes } from './forwarding/lifetimes.ts'
import type { TrustedIssuers } from './issuers/trusted-issuers.ts'
import { type Arrival, type Edge, journey, type Passage } from './journey.ts'
import { limitConnections } from './limits/connection-limits.ts'
import { routeLimiters } from './limits/route-limiters.ts'
import { noteHop } from './note-hop.ts'
import { arrivedHop } from './proxies/arrived-hop.ts'
import { callerOf } from './proxies/caller.ts'
import { acceptProxyProtocol, type ProxyProtocol } from './proxies/proxy-protocol.ts'
import type { ProxyHeaders } from './proxies/told-by-proxies.ts'
import { trustedProxies } from './proxies/trusted-proxies.ts'
import type { Revocations } from './revocation/follow-revocations.ts'
import { errorFormOf, routeOfTarget } from './routes/error-form-of.ts'
import type { LiveRouteTable } from './routes/live-route-table.ts'
import { signatureChecks } from './signature-checks.ts'
import { guardedFaults } from './telemetry/guarded-faults.ts'
import { loadGauges } from './telemetry/load-gauges.ts'
import { requestMetrics, verifierMetrics } from './telemetry/request-metrics.ts'
import { requestSpans } from './telemetry/request-spans.ts'
import { type Served, watchRequests } from './telemetry/served.ts'
import { accessTokenVerifier } from './tokens/access-token-verifier.ts'
import { keptForTokens } from './tokens/kept-for-tokens.ts'
import { namedClaims } from './tokens/named-claims.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** the result of the journey; null until the request has passed all stages */
    passage: Passage | null
  }
}

/** Everything that the gateway depends on. */
export type GatewayNeeds = {
  log: ServiceLog
  metrics: Registry
  /** is called with each request that has ended; null: there is no access log */
  logRequest: ((served: Served) => void) | null
  https: { cert: Buffer; key: Buffer } | null
  trustedProxies: string[]
  /** the kind of header that these proxies write; null: decided per request */
  proxyHeaders: ProxyHeaders | null
  /** whether they begin their connections with a header of the PROXY protocol */
  proxyProtocol: ProxyProtocol
  /** other origins whose pages may use this API */
  allowedOrigins: string[]
  /** what pages of these origins may send and read */
  cors: CorsPolicy
  routes: Pick<LiveRouteTable, 'current' | 'onChange'>
  /** the issuers whose tokens the gateway accepts */
  issuers: TrustedIssuers
  revoked: Revocations
  /** is told of each of our own tokens that is verified for the first time */
  sightings: Pick<SightingReport, 'note'>
  assertionKey: AssertionKey
  rememberedTokenBytes: number
  /** for how many seconds browsers use only TLS for this origin (RFC 6797); 0: no header is sent */
  hstsSeconds: number
  /** how long a whole request may take to arrive */
  requestMs: number
  /** how long an idle client connection stays open */
  idleMs: number
  /** how long requests in flight may take when the gateway closes */
  closeMs: number
  upstreamTimeoutMs: number
  upstreamConnections: number
  upstreamWebSockets: number
  /** how much of these one caller may use, in percent of what all others leave */
  upstreamSharePercent: number
  /** the maximum number of open client connections, in total and per address */
  connections: number
  connectionsPerAddress: number
  /** for the limits that gateways share; null: each gateway counts for itself */
  limitsRedis: RedisConnection | null
  /** records the spans of requests; null: no traces are exported */
  tracing: Tracing | null
  clock: () => number
}

export async function buildGateway(needs: GatewayNeeds): Promise<Service> {
  const { revoked, assertionKey, clock } = needs
  const table = needs.routes.current
  const app = buildService({
    log: needs.log,
    bodies: 'streamed',
    requestMs: needs.requestMs,
    idleMs: needs.idleMs,
    closeMs: needs.closeMs,
    https: needs.https,
    errorForm: ({ originalUrl }) => errorFormOf(table(), originalUrl)
  })
  const countRequest = requestMetrics(needs.metrics)
  const spans = needs.tracing === null ? null : requestSpans(needs.tracing)
  watchRequests(app, (served) => {
    countRequest(served)
    needs.logRequest?.(served)
    spans?.end(served)
  })
  const isTrustedProxy = trustedProxies(needs.trustedProxies)
  const proxiedOf = acceptProxyProtocol(app, { ...needs, isTrustedProxy })
  limitConnections(app, { ...needs, isTrustedProxy, proxiedOf })
  const { proxyHeaders: headers } = needs
  noteHop(app, { spans, hstsSeconds: needs.hstsSeconds }, (raw) =>
    arrivedHop(raw, isTrustedProxy, { headers, proxied: proxiedOf(raw.socket) })
  )
  await app.register(fastifyJwt, {
    secret: { private: assertionKey.privatePem, public: assertionKey.publicPem },
    sign: { algorithm: 'ES256' }
  })
  const allowsOrigin = allowOriginsOf(needs.allowedOrigins)
  const limiterOf = await routeLimiters(app, needs.limitsRedis)

  const verifier = accessTokenVerifier({
    issuers: needs.issuers,
    checkSignature: signatureChecks(),
    noteSighting: needs.sightings.note,
    clock,
    rememberedBytes: needs.rememberedTokenBytes
  })
  const kept = keptForTokens({ mostBytes: needs.rememberedTokenBytes, clock })
  verifierMetrics(needs.metrics, verifier, kept)
  const edge: Edge = {
    table,
    issuers: needs.issuers,
    verifier,
    revoked,
    assertions: assertions({
      sign: (claims, typ) => app.jwt.sign(claims, { header: { ...assertionKey.header, typ } }),
      clock,
      kept
    }),
    namedClaims: namedClaims(kept),
    allowsOrigin,
    clock
  }
  const arrival = (request: FastifyRequest): Arrival => {
    const { hop } = request
    const caller = { request, address: hop.addresses[0] }
    return {
      hop,
      trail: request.trail,
      limiter: (route, token) => limiterOf(route, { ...caller, token }),
      caller: (token) => callerOf(token, hop.addresses[0], isTrustedProxy)
    }
  }

  const markOrigin = allowOrigins(app, {
    anyListed: needs.allowedOrigins.length > 0,
    allowsOrigin,
    policy: needs.cors,
    routeOf: (target) => routeOfTarget(table(), target)
  })
  app.decorateRequest('passage', null)
  app.addHook('onRequest', async (request) => {
    request.passage = await journey(request.raw, arrival(request), edge)
  })
  const forwarding = await forward(app, {
    passageOf,
    markOrigin,
    table,
    clock,
    lifetimes: lifetimes(revoked, clock),
    noteFault: guardedFaults(needs),
    upstreamTimeoutMs: needs.upstreamTimeoutMs,
    upstreamConnections: needs.upstreamConnections,
    upstreamWebSockets: needs.upstreamWebSockets,
    upstreamSharePercent: needs.upstreamSharePercent
  })
  needs.routes.onChange(forwarding.follow)
  loadGauges(needs.metrics, {
    server: app.server,
    mostConnections: needs.connections,
    requests: forwarding.services,
    webSockets: forwarding.socketServices
  })
  return app
}

function passageOf({ passage }: FastifyRequest): Passage {
  if (passage === null) throw new Error('a request was to be forwarded that had not passed')
  return passage
}
