import { traceHeader } from '@gatehouse/edge-headers/names'
import type { AllowsOrigin } from '@gatehouse/edge-headers/web-origin'
import type { Assertions } from './assertions/assertions.ts'
import type { Hosts } from './paths/host.ts'
import type { Arrival } from './request/arrival.ts'
import type { Passage } from './request/passage.ts'
import { isPassedPreflight } from './request/passed-preflight.ts'
import type { RequestHead } from './request/request-head.ts'
import type { StrippedRequest } from './request/stripped-request.ts'
import type { Revocations } from './revocation/follow-revocations.ts'
import { authenticate } from './stages/authenticate.ts'
import { checkUpgrade } from './stages/check-upgrade.ts'
import { limit } from './stages/limit.ts'
import { type Match, match } from './stages/match.ts'
import { refuseBodyOnGet } from './stages/refuse-body-on-get.ts'
import { refuseLargeBody } from './stages/refuse-large-body.ts'
import { refuseOtherAudience } from './stages/refuse-other-audience.ts'
import { refuseOtherHost } from './stages/refuse-other-host.ts'
import { refuseRevoked } from './stages/refuse-revoked.ts'
import { requireAccess } from './stages/require-access.ts'
import { stamp } from './stages/stamp/stamp.ts'
import { strip } from './stages/strip.ts'
import { translateDestination } from './stages/translate-destination.ts'
import type { AccessTokenVerifier } from './tokens/access-token-verifier.ts'
import type { TrustedIssuers } from './tokens/checks/trusted-issuers.ts'
import type { NamedClaims } from './tokens/named-claims.ts'
import type { VerifiedToken } from './tokens/verified-token.ts'

/** What the stages read, all of it in memory. */
export type Edge = {
  /** the issuers whose tokens the gateway accepts */
  readonly issuers: TrustedIssuers
  readonly verifier: AccessTokenVerifier
  readonly revoked: Revocations
  readonly assertions: Assertions
  readonly namedClaims: NamedClaims
  /** other origins whose pages may use this API */
  readonly allowsOrigin: AllowsOrigin
  readonly hosts: Hosts
  readonly clock: () => number
}

/**
 * The only way through the gateway. The order of the stages is the security policy. Each stage
 * takes the results of the earlier ones, and either adds to them or throws a Refusal. Only an
 * unknown token and a limit must wait; every other request has its result at once.
 * @param raw the request of a client, or one that a proxy describes (`verify/`)
 * @throws Refusal at once or later
 */
export function journey(
  raw: RequestHead,
  arrival: Arrival,
  edge: Edge
): Passage | Promise<Passage> {
  const stripped = strip(raw)
  refuseOtherHost(arrival.hop, edge.hosts)
  const matched = match(stripped, arrival.located)
  const { route, access } = matched
  arrival.trail.route = route
  refuseBodyOnGet(stripped, route)
  const { hop, located } = arrival
  const request = translateDestination(stripped, matched, hop, located.table)
  const allowsOrigin = route.allowsOrigin ?? edge.allowsOrigin
  checkUpgrade(request, route, hop, allowsOrigin)
  const isPreflight = isPassedPreflight(request, route)
  const found = isPreflight
    ? null
    : authenticate(access, request.authorization, edge.verifier, () => arrival.caller(null))
  const known: KnownRequest = { request, matched, isPreflight, arrival, edge }
  return found instanceof Promise ? found.then((token) => admit(known, token)) : admit(known, found)
}

/** What is known of a request before its token. */
type KnownRequest = {
  readonly request: StrippedRequest
  readonly matched: Match
  readonly isPreflight: boolean
  readonly arrival: Arrival
  readonly edge: Edge
}

/** The stages that judge the caller. */
function admit(known: KnownRequest, token: VerifiedToken | null): Passage | Promise<Passage> {
  const { request, matched, arrival, edge } = known
  const { route } = matched
  arrival.trail.token = token
  refuseOtherAudience(token, route)
  refuseRevoked(token, route, edge.revoked)
  const limiter = arrival.limiter(route, token, arrival.hop.addresses[0])
  refuseLargeBody(route, request.headers['content-length'])
  return limiter === null
    ? lastStages(known, token)
    : limit(limiter).then(() => lastStages(known, token))
}

/** The last stages: what the route requires, and what the service gets. */
function lastStages(known: KnownRequest, token: VerifiedToken | null): Passage {
  const { request, matched, isPreflight, arrival, edge } = known
  const { route, access, demands, target } = matched
  if (!isPreflight) requireAccess(demands, token, edge.clock())
  const headers = stamp(request, route, token, arrival.hop, edge)
  arrival.trail.traceparent = headers[traceHeader.traceparent]
  const caller = arrival.caller(token)
  return { route, access, target, headers, token, caller, websocket: request.websocket }
}
