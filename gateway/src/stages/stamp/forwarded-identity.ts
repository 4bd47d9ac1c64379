import {
  IDENTITY_BUDGET_BYTES,
  IdentityTooLarge,
  withinBudget
} from '@gatehouse/edge-headers/identity-budget'
import { identityHeader } from '@gatehouse/edge-headers/names'
import type { SignedClaims } from '../../assertions/assertions.ts'
import { claimsTooLarge, identityTooLarge } from '../../refusals.ts'
import type { RequestHeaders } from '../../request-headers/received-headers.ts'
import { forwardable, type Route } from '../../routes/entry/route.ts'
import { claimValues, type NamedClaims, namesOf } from '../../tokens/named-claims.ts'
import type { VerifiedToken } from '../../tokens/verified-token.ts'
import { writtenIdentity } from '../../tokens/written-identity.ts'

/** The identity headers for a service, without the assertion. */
type ForwardedIdentity = {
  readonly identity: Readonly<RequestHeaders>
  /** the claims that the route or the issuer's entry names; undefined if there are none */
  readonly claims: SignedClaims | undefined
}

/**
 * The identity headers that a route forwards. Parts that the route does not name do not count: a
 * user in hundreds of groups can use a route that forwards no roles. The assertion contains the
 * whole identity, so with it everything counts.
 * @param authorization the header that contained the token
 * @throws Refusal over the budget: INTERNAL for a token of ours, INVALID_REQUEST (431) for one of
 * another issuer
 */
export function forwardedIdentity(
  token: VerifiedToken,
  route: Route,
  authorization: string,
  namedClaims: NamedClaims
): ForwardedIdentity {
  const whole = writtenIdentity(token.identity)
  const names = namesOf(token.issuerClaims, route.tokenClaims)
  const named = names.length === 0 ? null : namedClaims.headersOf(token, names, authorization)
  const picked = pick(whole.headers, route.claims)
  const identity = named === null ? picked : { ...picked, ...named.headers }
  if (whole.bytes + (named?.bytes ?? 0) > IDENTITY_BUDGET_BYTES) {
    refuseTooLarge(
      token,
      route.claims.includes('assertion') ? { ...whole.headers, ...named?.headers } : identity
    )
  }
  const claims =
    named === null
      ? undefined
      : { route: route.name, names, values: () => claimValues(authorization, names) }
  return { identity, claims }
}

function refuseTooLarge(token: VerifiedToken, headers: Readonly<RequestHeaders>): void {
  try {
    withinBudget(headers)
  } catch (error) {
    if (!(error instanceof IdentityTooLarge)) throw error
    throw token.issuerName === null ? identityTooLarge(error) : claimsTooLarge(error)
  }
}

function pick(all: Readonly<RequestHeaders>, names: Route['claims']): Readonly<RequestHeaders> {
  if (names.length === forwardable.length) return all
  const headers: RequestHeaders = {}
  for (const name of names) {
    const value = all[identityHeader[name]]
    if (value !== undefined) headers[identityHeader[name]] = value
  }
  return headers
}
