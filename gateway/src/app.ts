import fastifyJwt from '@fastify/jwt'
import { allowOriginsOf } from '@gatehouse/edge-headers/web-origin'
import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { RedisConnection } from '@gatehouse/redis/connection'
import type { SightingReport } from '@gatehouse/sightings/report-sightings'
import type { FastifyRequest } from 'fastify'
import type { GatewaySettings } from './app-settings.ts'
import { type AssertionKey, assertions } from './assertions/assertions.ts'
import { allowOrigins } from './cross-origin/allow-origins.ts'
import { forward } from './forwarding/forward.ts'
import { lifetimes } from './forwarding/lifetimes.ts'
import type { TrustedIssuers } from './issuers/trusted-issuers.ts'
import { type Arrival, type Edge, journey, type Passage } from './journey.ts'
import { limitConnections } from './limits/connection-limits.ts'
import { routeLimiters } from './limits/route-limiters.ts'
import { noteHop } from './note-hop.ts'
import { arrivedHop } from './proxies/arrived-hop.ts'
import { callerOf } from './proxies/caller.ts'
import { acceptProxyProtocol } from './proxies/proxy-protocol.ts'
import type { Revocations } from './revocation/follow-revocations.ts'
import { errorFormOf, routeOfTarget } from './routes/error-form-of.ts'
import type { LiveRouteTable } from './routes/live-route-table.ts'
import { signatureChecks } from './signature-checks.ts'
import { guardedFaults } from './telemetry/guarded-faults.ts'
import { loadGauges } from './telemetry/load-gauges.ts'
import type { Telemetry } from './telemetry/open-telemetry.ts'
import { requestMetrics, verifierMetrics } from './telemetry/request-metrics.ts'
import { requestSpans } from './telemetry/request-spans.ts'
import { watchRequests } from './telemetry/served.ts'
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
export type GatewayNeeds = GatewaySettings & {
  log: ServiceLog
  telemetry: Telemetry
  https: ServerTls | null
  routes: Pick<LiveRouteTable, 'current' | 'onChange'>
  /** the issuers whose tokens the gateway accepts */
  issuers: TrustedIssuers
  revoked: Revocations
  /** is told of each of our own tokens that is verified for the first time */
  sightings: Pick<SightingReport, 'note'>
  assertionKey: AssertionKey
  /** for the limits that gateways share; null: each gateway counts for itself */
  limitsRedis: RedisConnection | null
  clock: () => number
}

export async function buildGateway(needs: GatewayNeeds): Promise<Service> {
  const { log, times, proxies, pages, limits, telemetry, revoked, assertionKey, clock } = needs
  const { metrics } = telemetry
  const { isTrustedProxy, proxyHeaders: headers } = proxies
  const table = needs.routes.current
  const countRequest = requestMetrics(metrics)
  const spans = telemetry.tracing === null ? null : requestSpans(telemetry.tracing)
  const app = buildService({
    log,
    ...times,
    bodies: 'streamed',
    https: needs.https,
    http2: true,
    watch(service) {
      watchRequests(service, (served) => {
        countRequest(served)
        telemetry.logRequest?.(served)
        spans?.end(served)
      })
      noteHop(service, { spans, hstsSeconds: needs.hstsSeconds }, (raw) =>
        arrivedHop(raw, isTrustedProxy, { headers, proxied: proxiedOf(raw.socket) })
      )
    },
    errorForm: ({ originalUrl }) => errorFormOf(table(), originalUrl)
  })
  const proxiedOf = acceptProxyProtocol(app, { ...proxies, ...limits, ...times, log, clock })
  limitConnections(app, { ...limits, isTrustedProxy, proxiedOf })
  await app.register(fastifyJwt, {
    secret: { private: assertionKey.privatePem, public: assertionKey.publicPem },
    sign: { algorithm: 'ES256' }
  })
  const allowsOrigin = allowOriginsOf(pages.allowedOrigins)
  const limiterOf = await routeLimiters(app, needs.limitsRedis, clock)

  const verifier = accessTokenVerifier({
    issuers: needs.issuers,
    checkSignature: signatureChecks(),
    noteSighting: needs.sightings.note,
    clock,
    rememberedBytes: needs.rememberedTokenBytes
  })
  const kept = keptForTokens({ mostBytes: needs.rememberedTokenBytes, clock })
  verifierMetrics(metrics, verifier, kept)
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
    anyListed: pages.allowedOrigins.length > 0,
    allowsOrigin,
    policy: pages.cors,
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
    noteFault: guardedFaults({ log, metrics, clock }),
    limits: needs.upstreams
  })
  needs.routes.onChange(forwarding.follow)
  loadGauges(metrics, {
    server: app.server,
    mostConnections: limits.connections,
    requests: forwarding.services,
    webSockets: forwarding.socketServices
  })
  return app
}

function passageOf({ passage }: FastifyRequest): Passage {
  if (passage === null) throw new Error('a request was to be forwarded that had not passed')
  return passage
}
