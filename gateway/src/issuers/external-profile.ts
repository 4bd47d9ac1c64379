import type { ReadClaims, TokenProfile } from '../tokens/access-token-profile.ts'
import { claimAt } from '../tokens/claim-path.ts'
import { claimedIdentity, Unreadable } from './claimed-identity.ts'
import { type IssuerEntry, issuersOf } from './issuer-entry.ts'

/** as much as a header section holds */
const LONGEST_TOKEN = 16_384
const DEEPEST = 64

/**
 * They would change what the token is (RFC 7515 §4.1.11, RFC 7797 §3, RFC 7516 §4.1). Those that say where a key is to be had from
 * (`jku`, `jwk`, `x5u`, `x5c`) are not read at all: only the key set of the issuer counts (RFC 8725 §3.10).
 */
const REFUSED = ['crit', 'b64', 'zip', 'enc']

type Claims = Readonly<Record<string, unknown>>

/**
 * How the tokens of an entry of the issuer file look: one profile, or one for each tenant. What the operator asks for is read
 * strictly, and everything else that a token says is nobody's business.
 */
export function externalProfiles(entry: IssuerEntry): TokenProfile[] {
  const { name, clockSkewSeconds: skewSeconds } = entry
  return issuersOf(entry).map(({ issuer, tenant }) => ({
    issuer,
    issuerName: name,
    tenant,
    skewSeconds,
    longestToken: LONGEST_TOKEN,
    deepest: DEEPEST,
    flawOfHeader: (header) => flawOfHeader(header, entry.types),
    // The same name in two tenants is two people (OpenID Connect Core §5.7).
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
  return isTaken ? null : 'typ is another'
}

/** RFC 7515 §4.1.9: a media type, in any case, whose `application/` may be left out. */
const isType = (typ: unknown, type: string) =>
  typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '') === type.toLowerCase()

/** RFC 7519 §5.2; any other `cty` says nothing of claims that are JSON. */
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
  if (expiresAt === null) throw new Unreadable('there is no exp')
  const issuedAt = timeIn(claims, 'iat')
  const notBefore = timeIn(claims, 'nbf')
  const audience = claimAt(claims, entry.claims.audience ?? 'aud')
  if (![audience].flat().some((one) => [entry.audience].flat().some((ours) => ours === one))) {
    throw new Unreadable('another audience')
  }
  for (const [path, wanted] of Object.entries(entry.require)) {
    const said = [claimAt(claims, path)].flat()
    if (![wanted].flat().some((one) => said.includes(one))) {
      throw new Unreadable(`the claim ${path} is another`)
    }
  }
  return {
    identity: {
      ...claimedIdentity(claims, entry, prefix),
      expiresAt: Math.floor(expiresAt)
    },
    // Where it does not say when it was issued, it is as old as can be, so that no revocation misses it.
    issuedAt: Math.floor(issuedAt ?? notBefore ?? 0),
    rightsVersion: null,
    generation: null,
    notBefore: Math.max(issuedAt ?? 0, notBefore ?? 0),
    authenticatedAt: isTime(claims.auth_time) ? claims.auth_time : null
  }
}

/** the end of the year 9999, the last that has four digits */
const LAST_SECOND = 253_402_300_799

/** RFC 7519 §2: seconds since 1970, also with a fraction. */
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= LAST_SECOND

/** @throws Unreadable where it is something else */
function timeIn(claims: Claims, name: 'exp' | 'iat' | 'nbf'): number | null {
  const value = claims[name] ?? null
  if (value === null || isTime(value)) return value
  throw new Unreadable(`${name} is not a time`)
}
