import type { IncomingMessage } from 'node:http'
import type { ServerTls, Service } from '@gatehouse/http-service/build-service'
import type { RedisConnection } from '@gatehouse/redis/connection'
import type { FastifyRequest } from 'fastify'
import type { GatewaySettings } from './app-settings.ts'
import { allowOrigins, markErrors } from './arrival/allow-origins.ts'
import { clientListener } from './arrival/client-listener.ts'
import { locateOnce } from './arrival/note-arrival.ts'
import { plainRequests } from './arrival/without-framework/plain-requests.ts'
import { type AssertionKey, assertions } from './assertions/assertions.ts'
import { countedSignatures } from './assertions/counted-signatures.ts'
import { signClaims } from './assertions/sign-claims.ts'
import { forward } from './forward.ts'
import { type Edge, journey } from './journey.ts'
import { type LimiterOf, routeLimiters } from './limits/route-limiters.ts'
import type { Ports } from './ports.ts'
import { callerOf } from './proxies/caller.ts'
import type { IsTrustedProxy } from './proxies/trusted-proxies.ts'
import type { Revocations } from './revocation/follow-revocations.ts'
import type { LiveRouteTable } from './routes/live-route-table.ts'
import type { Arrival, Decide } from './stages/arrival.ts'
import type { Passage } from './stages/passage.ts'
import type { RequestTelemetry } from './telemetry/request-telemetry.ts'
import type { Tokens } from './tokens/open-tokens.ts'
import type { TrustedIssuers } from './tokens/trusted-issuers.ts'
import { type Answer, verifyListener } from './verify/verify-listener.ts'

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
  /** for tests: whether the framework handles a request that could do without it */
  readonly isHeld?: (raw: IncomingMessage) => boolean
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
  const { settings, routes, issuers, clock } = options
  const { isTrustedProxy } = settings.proxies
  const { pages } = settings
  const locatedOf = locateOnce(routes.current)
  const plain = plainRequests()
  const { app, hopOf } = clientListener({ ...options, locatedOf, plain })
  const edge = openEdge(options)
  const limiterOf = await routeLimiters(app, options.limitsRedis, clock)
  // A preflight carries no credential, so it is answered before the journey.
  const markOrigin = allowOrigins(app, {
    ...pages,
    routeOf: (request) => locatedOf(request).route
  })
  const decide: Decide = (head, arrival) => journey(head, arrival, edge)
  const answer: Answer = (request, head) => {
    const located = locatedOf(request)
    return decide(head, { ...arrival(request, limiterOf, isTrustedProxy), located })
  }
  app.decorateRequest('passage', null)
  app.addHook('onRequest', async (request) => {
    const { refusal = null } = plain.begun(request.raw) ?? {}
    if (refusal !== null) throw refusal
    request.passage = await answer(request, request.raw)
  })
  const forwarding = await forward(app, {
    ...options,
    limits: settings.upstreams,
    passageOf,
    markOrigin
  })
  plain.open({
    ...options,
    hopOf,
    isTrustedProxy,
    hsts: settings.hsts,
    decide,
    table: routes.current,
    forwarding,
    isHeld: heldByFramework(app, options)
  })
  if (!settings.verifies) return { app, verify: null }
  const verify = verifyListener({
    ...options,
    locatedOf,
    issuerClaims: issuers.claims,
    markOrigin: markErrors(pages),
    answer
  })
  return { app, verify }
}

/** The framework ends connections, so it handles every request once the gateway drains. */
function heldByFramework(app: Service, { isHeld = () => false }: Pick<GatewayOptions, 'isHeld'>) {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  return (raw: IncomingMessage): boolean => isClosing || app.draining.hasBegun || isHeld(raw)
}

/** What the stages read. */
function openEdge(options: GatewayOptions): Edge {
  const { settings, issuers, tokens, revoked, assertionKey, metrics, clock } = options
  return {
    issuers,
    verifier: tokens.verifier,
    revoked,
    assertions: assertions({
      sign: countedSignatures(metrics, signClaims(assertionKey)),
      clock,
      kept: tokens.kept
    }),
    namedClaims: tokens.namedClaims,
    allowsOrigin: settings.pages.allowsOrigin,
    clock
  }
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
