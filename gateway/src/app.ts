import type { IncomingMessage } from 'node:http'
import type { ServerTls, Service } from '@gatehouse/http-service/build-service'
import type { RedisConnection } from '@gatehouse/redis/connection'
import type { FastifyRequest } from 'fastify'
import type { GatewaySettings } from './app-settings.ts'
import { allowOrigins, markErrors, markResponses } from './arrival/allow-origins.ts'
import { arrivalOf, type LocatedOf, locateOnce } from './arrival/arrived-request.ts'
import { clientListener } from './arrival/client-listener.ts'
import { clientSource } from './arrival/client-source.ts'
import { type AssertionKey, assertions } from './assertions/assertions.ts'
import { countedSignatures } from './assertions/counted-signatures.ts'
import { signClaims } from './assertions/sign-claims.ts'
import { forward } from './forward.ts'
import { type Forwarding, openForwarding } from './forwarding/open-forwarding.ts'
import { type Edge, journey } from './journey.ts'
import { routeLimiters } from './limits/route-limiters.ts'
import { plainRequests } from './plain-requests/plain-requests.ts'
import type { Ports } from './ports.ts'
import type { Arrival, TakeJourney } from './request/arrival.ts'
import type { Passage } from './request/passage.ts'
import type { Revocations } from './revocation/follow-revocations.ts'
import type { LiveRouteTable } from './routes/table/live-route-table.ts'
import type { RequestTelemetry } from './telemetry/request-telemetry.ts'
import type { TrustedIssuers } from './tokens/checks/trusted-issuers.ts'
import type { Tokens } from './tokens/open-tokens.ts'
import { type JourneyOf, verifyListener } from './verify/verify-listener.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** the result of the journey; null until the request has passed all stages */
    passage: Passage | null
  }
}

type GatewayPorts = Pick<Ports, 'log' | 'metrics' | 'clock' | 'monotonicClock'>

/** Everything that the gateway depends on. */
export type GatewayParts = {
  readonly settings: GatewaySettings
  readonly https: ServerTls | null
  readonly telemetry: RequestTelemetry
  readonly routes: Pick<LiveRouteTable, 'current' | 'onChange'>
  /** the issuers whose tokens the gateway accepts */
  readonly issuers: TrustedIssuers
  readonly tokens: Tokens
  readonly revoked: Revocations
  readonly assertionKey: AssertionKey
  /**
   * for tests (`both-ways.test.ts`): whether the framework handles a request that could do without
   * it
   */
  readonly usesFramework?: (raw: IncomingMessage) => boolean
  /** for the limits that gateways share; null: each gateway counts for itself */
  readonly limitsRedis: RedisConnection | null
}

type Gateway = {
  /** for clients */
  readonly app: Service
  /** for proxies that forward requests themselves; null if they do not ask */
  readonly verify: Service | null
}

export async function buildGateway(ports: GatewayPorts, parts: GatewayParts): Promise<Gateway> {
  const { settings, https, telemetry, routes, issuers } = parts
  const { times, proxies, connectionLimits: limits, pages } = settings
  const { log, metrics, clock } = ports
  const { isTrustedProxy } = proxies
  const edge = openEdge(ports, parts)
  const takeJourney: TakeJourney = (head, arrival) => journey(head, arrival, edge)
  const locatedOf = locateOnce(routes.current)
  const { app, forwarding } = listenForClients(ports, parts, { takeJourney, locatedOf })
  const limiterOf = await routeLimiters(app, parts.limitsRedis, clock)
  // A preflight carries no credential, so it is answered before the journey.
  allowOrigins(app, pages, ({ arrived }) => locatedOf(arrived).route)
  const journeyOf: JourneyOf = (request, head) => {
    const { arrived } = request
    // A plugin of the framework counts the requests of limited routes.
    const limiter: Arrival['limiter'] = (route, token, address) =>
      limiterOf(route, { request, address, token })
    return takeJourney(head, arrivalOf(arrived, locatedOf(arrived), limiter, isTrustedProxy))
  }
  app.decorateRequest('passage', null)
  app.addHook('onRequest', async (request) => {
    const { refusal } = request.arrived
    if (refusal !== null) throw refusal
    request.passage = await journeyOf(request, request.raw)
  })
  await forward(app, forwarding, passageOf)
  if (!settings.verifies) return { app, verify: null }
  const verify = verifyListener({
    times,
    limits,
    proxies,
    https,
    telemetry,
    locatedOf,
    issuerClaims: issuers.claims,
    markOrigin: markErrors(pages),
    journeyOf,
    takeJourney,
    usesFramework: parts.usesFramework ?? (() => false),
    log,
    metrics
  })
  return { app, verify }
}

type Deciding = { readonly takeJourney: TakeJourney; readonly locatedOf: LocatedOf }

/** The listener for clients, which already forwards the requests that need no framework. */
function listenForClients(
  { log, metrics, clock, monotonicClock }: GatewayPorts,
  { settings, https, telemetry, routes, revoked, usesFramework = () => false }: GatewayParts,
  { takeJourney, locatedOf }: Deciding
): { readonly app: Service; readonly forwarding: Forwarding } {
  const { times, proxies, connectionLimits: limits, upstreamLimits, pages, hsts } = settings
  const { spans, onServed } = telemetry
  const forwarding = openForwarding({
    limits: upstreamLimits,
    markOrigin: markResponses(pages),
    routes,
    revoked,
    log,
    metrics,
    clock,
    monotonicClock
  })
  const source = clientSource({ proxies, limits, times, spans, log, monotonicClock })
  const plain = plainRequests({
    source,
    locatedOf,
    isTrustedProxy: proxies.isTrustedProxy,
    takeJourney,
    forwarding: forwarding.requests,
    onServed,
    hsts,
    usesFramework
  })
  const app = clientListener({
    times,
    limits,
    hsts,
    https,
    onServed,
    source,
    locatedOf,
    plain,
    log,
    metrics
  })
  return { app, forwarding }
}

/** What the stages read. */
function openEdge(
  { metrics, clock }: GatewayPorts,
  { settings, issuers, tokens, revoked, assertionKey }: GatewayParts
): Edge {
  const sign = countedSignatures(metrics, signClaims(assertionKey))
  return {
    issuers,
    verifier: tokens.verifier,
    revoked,
    assertions: assertions({ sign, clock, kept: tokens.kept }),
    namedClaims: tokens.namedClaims,
    allowsOrigin: settings.pages.allowsOrigin,
    hosts: settings.hosts,
    clock
  }
}

function passageOf({ passage }: FastifyRequest): Passage {
  if (passage === null) throw new Error('a request reached the forwarding without a passage')
  return passage
}
