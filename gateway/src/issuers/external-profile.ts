import type { ReadClaims, TokenProfile } from '../tokens/checks/access-token-profile.ts'
import { claimAt } from '../tokens/claims/claim-path.ts'
import { forwardedClaimsOf } from '../tokens/claims/forwarded-claims.ts'
import { claimedIdentity, Unreadable } from './claimed-identity.ts'
import { type IssuerEntry, inTenant, issuersOf, type Required } from './issuer-entry.ts'

/** the size of a whole header section */
const LONGEST_TOKEN = 16_384
const DEEPEST = 64

/**
 * These change what the token is (RFC 7515 §4.1.11, RFC 7797 §3, RFC 7516 §4.1). The members that
 * say where to get a key (`jku`, `jwk`, `x5u`, `x5c`) are not read at all: only the issuer's key
 * set counts (RFC 8725 §3.10).
 */
const REFUSED = ['crit', 'b64', 'zip', 'enc']

type Claims = Readonly<Record<string, unknown>>

/**
 * The form of the tokens of an entry in the issuer file: one profile, or one per tenant. What the
 * operator names is read strictly; everything else in a token is ignored.
 */
export function externalProfiles(entry: IssuerEntry): TokenProfile[] {
  const { name, clockSkewSeconds: skewSeconds } = entry
  const issuerClaims = forwardedClaimsOf(entry.forward)
  return issuersOf(entry).map(({ issuer, tenant }) => ({
    issuer,
    issuerName: name,
    issuerClaims,
    skewSeconds,
    longestToken: LONGEST_TOKEN,
    deepest: DEEPEST,
    acceptsKeyOf: (keyIssuer) =>
      tenant === null || keyIssuer === null || inTenant(keyIssuer, tenant) === issuer,
    flawOfHeader: (header) => flawOfHeader(header, entry.types),
    // The same subject in two tenants is two people (OpenID Connect Core §5.7).
    readClaims: (claims) => readClaims(claims, entry, tenant === null ? name : `${name}|${tenant}`)
  }))
}

function flawOfHeader(header: Claims, types: IssuerEntry['types']): string | null {
  if (REFUSED.some((member) => member in header)) {
    return 'the header has a member that is never trusted'
  }
  const { typ, cty } = header
  if (isNestedToken(cty)) return 'it holds another token'
  const isTaken = types.some((type) =>
    type === 'absent' ? typ === undefined || typ === null : isType(typ, type)
  )
  return isTaken ? null : 'typ is not one of the accepted types'
}

/** RFC 7515 §4.1.9: a media type in any letter case, with or without `application/`. */
const isType = (typ: unknown, type: string) =>
  typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '') === type.toLowerCase()

/** RFC 7519 §5.2; any other `cty` says nothing about JSON claims. */
const isNestedToken = (cty: unknown) => typeof cty === 'string' && /(^|[/+])jwt$/i.test(cty)

function readClaims(claims: Claims, entry: IssuerEntry, prefix: string) {
  try {
    return checkedClaims(claims, entry, prefix)
  } catch (error) {
    if (error instanceof Unreadable) return { flaw: error.message }
    throw error
  }
}

function checkedClaims(claims: Claims, entry: IssuerEntry, prefix: string): ReadClaims {
  const expiresAt = timeIn(claims, 'exp')
  if (expiresAt === null) throw new Unreadable('exp is missing')
  const issuedAt = timeIn(claims, 'iat')
  const notBefore = timeIn(claims, 'nbf')
  const audience = claimAt(claims, entry.claims.audience ?? 'aud')
  if (![audience].flat().some((one) => [entry.audience].flat().some((ours) => ours === one))) {
    throw new Unreadable('the audience is wrong')
  }
  for (const [path, wanted] of Object.entries(entry.require)) {
    if (!isAsRequired(claimAt(claims, path), wanted)) {
      throw new Unreadable(`the claim ${path} does not have the required value`)
    }
  }
  return {
    identity: {
      ...claimedIdentity(claims, entry, prefix),
      expiresAt: Math.floor(expiresAt)
    },
    // A token that does not say when it was issued counts as oldest, so that every revocation
    // applies to it.
    issuedAt: Math.floor(issuedAt ?? notBefore ?? 0),
    rightsVersion: null,
    delegation: null,
    generation: null,
    notBefore: Math.max(issuedAt ?? 0, notBefore ?? 0),
    authenticatedAt: isTime(claims.auth_time) ? claims.auth_time : null,
    authenticationClass: typeof claims.acr === 'string' ? claims.acr : null
  }
}

function isAsRequired(claim: unknown, wanted: Required): boolean {
  if (typeof wanted === 'object' && 'present' in wanted) return claim !== undefined && claim !== ''
  const said = [claim].flat()
  return [wanted].flat().some((one) => said.includes(one))
}

/** the end of the year 9999, the last year with four digits */
const LAST_SECOND = 253_402_300_799

/** RFC 7519 §2: seconds since 1970, which may have a fraction. */
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= LAST_SECOND

/** @throws Unreadable if the value is not a time */
function timeIn(claims: Claims, name: 'exp' | 'iat' | 'nbf'): number | null {
  const value = claims[name] ?? null
  if (value === null || isTime(value)) return value
  throw new Unreadable(`${name} is not a time`)
}
