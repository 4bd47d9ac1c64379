import { type Algorithm, algorithms } from '@gatehouse/access-token/claims'
import type { Identity } from '@gatehouse/edge-headers/identity'
import { strictJsonObject } from './strict-json.ts'

/** What a token of an issuer says, once it has the form that this issuer's tokens have. */
export type ReadClaims = {
  readonly identity: Identity
  /** seconds since 1970, like the others */
  readonly issuedAt: number
  readonly notBefore: number
  /** when the user proved who they are; null where nobody has, or nobody says */
  readonly authenticatedAt: number | null
}

/** How the access tokens of one issuer look. */
export type TokenProfile = {
  /** `iss`, to the letter */
  readonly issuer: string
  /** what is wrong with a header, its `alg` and `kid` aside; null where nothing is */
  flawOfHeader(header: Readonly<Record<string, unknown>>): string | null
  /** the claims, whose `iss` is this issuer's */
  readClaims(claims: Readonly<Record<string, unknown>>): ReadClaims | Flaw
}

/** A token that has the form of an access token of its issuer. Its signature is not checked yet. */
export type ReadToken = {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly issuer: string
  readonly claims: ReadClaims
}

/** Why a token is not one; for the log. */
export type Flaw = { readonly flaw: string }

const LONGEST_TOKEN = 8192
const LONGEST_KID = 128
const SEGMENT = /^[A-Za-z0-9_-]+$/

/**
 * Reads an access token by the strict profile of its issuer: one spelling, one meaning. Pure; everything that does not
 * depend on the key or the clock is decided here.
 */
export function readAccessToken(
  token: string,
  profileOf: (issuer: string) => TokenProfile | undefined
): ReadToken | Flaw {
  if (token.length > LONGEST_TOKEN) return { flaw: 'too long' }
  const segments = token.split('.')
  const [first, payload, signature] = segments.map(decodeSegment)
  if (segments.length !== 3 || !first || !payload || !signature) {
    return { flaw: 'not three base64url segments' }
  }
  const header = strictJsonObject(first)
  if (header === null) return { flaw: 'the header is not strict JSON' }
  const claims = strictJsonObject(payload)
  if (claims === null) return { flaw: 'the claims are not strict JSON' }
  const profile = typeof claims.iss === 'string' ? profileOf(claims.iss) : undefined
  if (profile === undefined) return { flaw: 'another issuer' }
  const key = readKeyOf(header)
  if ('flaw' in key) return key
  const flaw = profile.flawOfHeader(header)
  if (flaw !== null) return { flaw }
  const read = profile.readClaims(claims)
  return 'flaw' in read ? read : { ...key, issuer: profile.issuer, claims: read }
}

/** base64url without padding, and the one spelling of its bytes; null where it is not that. */
function decodeSegment(segment: string): Buffer | null {
  if (!SEGMENT.test(segment)) return null
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : null
}

/** The header may say which key; the algorithm that it names must only be one of ours (RFC 8725 §3.1). */
function readKeyOf({
  alg,
  kid
}: Record<string, unknown>): Pick<ReadToken, 'kid' | 'algorithm'> | Flaw {
  if (typeof kid !== 'string' || kid === '' || kid.length > LONGEST_KID) {
    return { flaw: 'kid is not a short string' }
  }
  const algorithm = algorithms.find((known) => known === alg)
  return algorithm === undefined ? { flaw: 'alg is not one of ours' } : { kid, algorithm }
}
