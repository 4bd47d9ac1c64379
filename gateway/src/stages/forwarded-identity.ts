import { claimHeaders } from '@gatehouse/edge-headers/claim-headers'
import { identityHeaders } from '@gatehouse/edge-headers/identity'
import {
  headerBytes,
  IDENTITY_BUDGET_BYTES,
  IdentityTooLarge,
  withinBudget
} from '@gatehouse/edge-headers/identity-budget'
import { identityHeader } from '@gatehouse/edge-headers/names'
import { claimsTooLarge, identityTooLarge } from '../refusals.ts'
import { forwardable, type NamedClaim, type Route } from '../routes/route.ts'
import type { VerifiedToken } from '../tokens/access-token-verifier.ts'
import { claimAt } from '../tokens/claim-path.ts'
import type { RequestHeaders } from './strip.ts'

/** The identity headers for a service, without the assertion. */
export type ForwardedIdentity = {
  readonly identity: Readonly<RequestHeaders>
  /** the claims of the token that the route names; undefined if it names none */
  readonly claims: Readonly<Record<string, unknown>> | undefined
}

type Written = { readonly headers: Readonly<RequestHeaders>; readonly bytes: number }
type WrittenClaims = Written & { readonly values: Readonly<Record<string, unknown>> }

/** A remembered token does not change. */
const identities = new WeakMap<VerifiedToken, Written>()
const claims = new WeakMap<VerifiedToken, WeakMap<readonly NamedClaim[], WrittenClaims>>()

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
  authorization: string | null
): ForwardedIdentity {
  const whole = wholeIdentityOf(token)
  const named = route.tokenClaims.length === 0 ? null : claimsOf(token, route, authorization)
  const picked = pick(whole.headers, route.claims)
  const identity = named === null ? picked : { ...picked, ...named.headers }
  if (whole.bytes + (named?.bytes ?? 0) > IDENTITY_BUDGET_BYTES) {
    refuseTooLarge(
      token,
      route.claims.includes('assertion') ? { ...whole.headers, ...named?.headers } : identity
    )
  }
  return { identity, claims: named?.values }
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

function wholeIdentityOf(token: VerifiedToken): Written {
  const known = identities.get(token)
  if (known !== undefined) return known
  const headers = identityHeaders(token.identity)
  const written = { headers, bytes: headerBytes(headers) }
  identities.set(token, written)
  return written
}

function claimsOf(
  token: VerifiedToken,
  { tokenClaims }: Route,
  authorization: string | null
): WrittenClaims {
  const known = claims.get(token)?.get(tokenClaims)
  if (known !== undefined) return known
  const values = valuesIn(authorization ?? '', tokenClaims)
  const headers = claimHeaders(values)
  const written = { headers, values, bytes: headerBytes(headers) }
  const ofToken = claims.get(token) ?? new WeakMap<readonly NamedClaim[], WrittenClaims>()
  claims.set(token, ofToken.set(tokenClaims, written))
  return written
}

/**
 * Reads the claims of the verified token again: a remembered token does not keep them, because most
 * routes name none.
 */
function valuesIn(authorization: string, names: readonly NamedClaim[]): Record<string, unknown> {
  const [, payload = ''] = authorization.split('.')
  const all: Record<string, unknown> = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const values = names.map(({ name, path }) => [name, claimAt(all, path)] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}
