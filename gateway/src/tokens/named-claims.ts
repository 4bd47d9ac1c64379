import { claimHeaders } from '@gatehouse/edge-headers/claim-headers'
import { claimAt } from './claims/claim-path.ts'
import { isSameClaim, type NamedClaim } from './claims/forwarded-claims.ts'
import type { KeptForTokens } from './memory/kept-for-tokens.ts'
import { textBytes } from './memory/text-bytes.ts'
import type { VerifiedToken } from './verified-token.ts'
import { type WrittenHeaders, written } from './written-identity.ts'

/** The values of named claims, by their names. Absent claims are not in it. */
export type ClaimValues = Readonly<Record<string, unknown>>

export type NamedClaims = {
  /**
   * The headers of named claims.
   * @param names the same list until the route table is read again
   * @param authorization the header that contained the token
   */
  headersOf(
    token: VerifiedToken,
    names: readonly NamedClaim[],
    authorization: string
  ): WrittenHeaders
}

/**
 * Reads claims of verified tokens. A remembered token does not contain them, because most routes
 * name none. Only their headers are kept: the bytes of a string are known, those of a foreign
 * object are not.
 */
export function namedClaims(kept: KeptForTokens): NamedClaims {
  const values = kept.values<readonly NamedClaim[], WrittenHeaders>()
  return {
    headersOf(token, names, authorization) {
      const known = values.find(token, names)
      if (known !== undefined) return known
      const found = valuesIn(authorization, names)
      const byHeader = found.map(([{ header }, value]) => [header, value] as const)
      const made = written(claimHeaders(Object.fromEntries(byHeader)))
      const bytes = Object.values(made.headers).reduce((sum, text) => sum + textBytes(text), 0)
      values.keep(token, names, made, bytes)
      return made
    }
  }
}

/** @param authorization the header that contained a verified token */
export const claimValues = (authorization: string, names: readonly NamedClaim[]): ClaimValues =>
  Object.fromEntries(valuesIn(authorization, names).map(([{ name }, value]) => [name, value]))

function valuesIn(authorization: string, names: readonly NamedClaim[]) {
  const [, payload = ''] = authorization.split('.')
  const all: Record<string, unknown> = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const values = names.map((claim) => [claim, claimAt(all, claim.path)] as const)
  return values.filter(([, value]) => value !== undefined)
}

const together = new WeakMap<readonly NamedClaim[], WeakMap<readonly NamedClaim[], NamedClaim[]>>()

/**
 * The claims that a request's issuer and its route forward: the same list for the same two. Where
 * both name one header, or one member of the assertion for different claims, the route's claim
 * counts, even if the token does not have it.
 */
export function namesOf(
  ofIssuer: readonly NamedClaim[],
  ofRoute: readonly NamedClaim[]
): readonly NamedClaim[] {
  if (ofIssuer.length === 0) return ofRoute
  if (ofRoute.length === 0) return ofIssuer
  const ofTable = together.get(ofRoute) ?? new WeakMap<readonly NamedClaim[], NamedClaim[]>()
  together.set(ofRoute, ofTable)
  const names = ofTable.get(ofIssuer) ?? [
    ...ofIssuer.filter((one) => !ofRoute.some((other) => isReplaced(one, other))),
    ...ofRoute
  ]
  ofTable.set(ofIssuer, names)
  return names
}

const isReplaced = (one: NamedClaim, other: NamedClaim): boolean =>
  one.header === other.header || (one.name === other.name && !isSameClaim(one, other))
