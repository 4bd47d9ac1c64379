import fastifyJwt from '@fastify/jwt'
import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { RedisConnection } from '@gatehouse/redis/connection'
import type { FastifyRequest } from 'fastify'
import { allowOrigins, markErrors } from './allow-origins.ts'
import type { GatewaySettings } from './app-settings.ts'
import { type AssertionKey, assertions } from './assertions/assertions.ts'
import { countedSignatures } from './assertions/counted-signatures.ts'
import { forward } from './forward.ts'
import { type Arrival, type Edge, journey } from './journey.ts'
import { connectionGauges } from './limits/connection-gauges.ts'
import { limitConnections } from './limits/connection-limits.ts'
import { type LimiterOf, routeLimiters } from './limits/route-limiters.ts'
import { locateOnce } from './located-once.ts'
import { noteHop } from './note-hop.ts'
import type { Passage } from './passage.ts'
import type { Ports } from './ports.ts'
import { arrivedHop } from './proxies/arrived-hop.ts'
import { callerOf } from './proxies/caller.ts'
import { acceptProxyProtocol } from './proxies/proxy-protocol.ts'
import type { IsTrustedProxy } from './proxies/trusted-proxies.ts'
import type { Revocations } from './revocation/follow-revocations.ts'
import { errorFormOf } from './routes/error-form-of.ts'
import type { LiveRouteTable } from './routes/live-route-table.ts'
import type { RequestTelemetry } from './telemetry/request-telemetry.ts'
import { watchRequests } from './telemetry/served.ts'
import type { Tokens } from './tokens/open-tokens.ts'
import type { TrustedIssuers } from './tokens/trusted-issuers.ts'
import { type Decide, verifyListener } from './verify/verify-listener.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** the result of the journey; null until the request has passed all stages */
    passage: Passage | null
  }
}

/** Everything that the gateway depends on. */
export type GatewayOptions = Pick<Ports, 'log' | 'metrics' | 'clock'> & {
  readonly settings: GatewaySettings
  readonly https: ServerTls | null
  readonly telemetry: RequestTelemetry
  readonly routes: Pick<LiveRouteTable, 'current' | 'onChange'>
  /** the issuers whose tokens the gateway accepts */
  readonly issuers: TrustedIssuers
  readonly tokens: Tokens
  readonly revoked: Revocations
  readonly assertionKey: AssertionKey
  /** for the limits that gateways share; null: each gateway counts for itself */
  readonly limitsRedis: RedisConnection | null
}

export type Gateway = {
  /** for clients */
  readonly app: Service
  /** for proxies that forward requests themselves; null if they do not ask */
  readonly verify: Service | null
}

export async function buildGateway(options: GatewayOptions): Promise<Gateway> {
  const { settings, telemetry, issuers, tokens, revoked, assertionKey, log, metrics, clock } =
    options
  const { times, proxies, pages, limits } = settings
  const { isTrustedProxy, proxyHeaders: headers } = proxies
  const app = buildService({
    log,
    ...times,
    bodies: 'streamed',
    https: options.https,
    http2: true,
    clientOf: clientNetwork,
    watch(service) {
      watchRequests(service, telemetry.onServed)
      noteHop(service, { spans: telemetry.spans, hstsSeconds: settings.hstsSeconds }, (raw) =>
        arrivedHop(raw, isTrustedProxy, { headers, proxied: proxiedOf(raw.socket) })
      )
    },
    errorForm: (request) => errorFormOf(locatedOf(request).route)
  })
  const locatedOf = locateOnce(app, options.routes.current)
  const proxiedOf = acceptProxyProtocol(app, { ...proxies, ...limits, ...times, log, clock })
  limitConnections(app, { ...limits, isTrustedProxy, proxiedOf })
  connectionGauges(metrics, app.server, limits)
  await app.register(fastifyJwt, {
    secret: { private: assertionKey.privatePem, public: assertionKey.publicPem },
    sign: { algorithm: 'ES256' }
  })
  const limiterOf = await routeLimiters(app, options.limitsRedis, clock)
  const edge: Edge = {
    issuers,
    verifier: tokens.verifier,
    revoked,
    assertions: assertions({
      sign: countedSignatures(metrics, (claims, typ) =>
        app.jwt.sign(claims, { header: { ...assertionKey.header, typ } })
      ),
      clock,
      kept: tokens.kept
    }),
    namedClaims: tokens.namedClaims,
    allowsOrigin: pages.allowsOrigin,
    clock
  }
  // A preflight carries no credential, so it is answered before the journey.
  const markOrigin = allowOrigins(app, {
    ...pages,
    routeOf: (request) => locatedOf(request).route
  })
  app.decorateRequest('passage', null)
  const decide: Decide = (request, head, located) =>
    journey(head, { ...arrival(request, limiterOf, isTrustedProxy), located }, edge)
  app.addHook('onRequest', async (request) => {
    request.passage = await decide(request, request.raw, locatedOf(request))
  })
  await forward(app, { ...options, limits: settings.upstreams, passageOf, markOrigin })
  const { claims: issuerClaims } = issuers
  const verify = settings.verifies
    ? verifyListener({
        ...options,
        table: options.routes.current,
        issuerClaims,
        markOrigin: markErrors(pages),
        decide
      })
    : null
  return { app, verify }
}

function arrival(
  request: FastifyRequest,
  limiterOf: LimiterOf,
  isTrustedProxy: IsTrustedProxy
): Omit<Arrival, 'located'> {
  const { hop, trail } = request
  const [address] = hop.addresses
  return {
    hop,
    trail,
    limiter: (route, token) => limiterOf(route, { request, address, token }),
    caller: (token) => callerOf(token, address, isTrustedProxy)
  }
}

function passageOf({ passage }: FastifyRequest): Passage {
  if (passage === null) throw new Error('a request reached the forwarding without a passage')
  return passage
}
