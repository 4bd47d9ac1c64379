import { type Flaw, readJwt } from '@gatehouse/access-token/read-jwt'
import type { Identity } from '@gatehouse/edge-headers/identity'
import { type SignatureAlgorithm, signatureAlgorithms } from '../keys/algorithms.ts'

/** What a token of an issuer says, once it has the form that this issuer's tokens have. */
export type ReadClaims = {
  readonly identity: Identity
  /** whole seconds since 1970, for revocations */
  readonly issuedAt: number
  /** how often its owner's rights had changed; null where the token does not say */
  readonly rightsVersion: number | null
  /** of the session's refresh-token family when it was issued; null where the token does not say */
  readonly generation: number | null
  /** seconds since 1970, `nbf` or `iat`, whichever is later */
  readonly notBefore: number
  /** when the user proved who they are; null where nobody has, or nobody says */
  readonly authenticatedAt: number | null
}

/** How the access tokens of one issuer look. */
export type TokenProfile = {
  /** `iss`, to the letter */
  readonly issuer: string
  /** the name of another issuer, which our revocations of keys do not concern; null for our own auth service */
  readonly issuerName: string | null
  /** of several that share a key set, the one that this is the profile of; null for an issuer with a key set of its own */
  readonly tenant: string | null
  /** how far its clock and ours may be apart */
  readonly skewSeconds: number
  /** in characters */
  readonly longestToken: number
  /** how many levels of objects and lists the header and the claims may have */
  readonly deepest: number
  /** what is wrong with a header; null where nothing is */
  flawOfHeader(header: Readonly<Record<string, unknown>>): string | null
  /** the claims, whose `iss` is this issuer's */
  readClaims(claims: Readonly<Record<string, unknown>>): ReadClaims | Flaw
}

/** A token that has the form of an access token of its issuer. Its signature is not checked yet. */
export type ReadToken = {
  /** null where it names no key */
  readonly kid: string | null
  readonly algorithm: SignatureAlgorithm
  readonly profile: TokenProfile
  readonly claims: ReadClaims
}

/**
 * Reads an access token by the profile of its issuer: one spelling, one meaning. Pure; everything that does not
 * depend on the key or the clock is decided here.
 */
export function readAccessToken(
  token: string,
  profileOf: (issuer: string) => TokenProfile | undefined
): ReadToken | Flaw {
  const jwt = readJwt(token)
  if ('flaw' in jwt) return jwt
  const { header, claims } = jwt
  const { iss } = claims.members
  const profile = typeof iss === 'string' ? profileOf(iss) : undefined
  if (profile === undefined) return { flaw: 'another issuer' }
  if (token.length > profile.longestToken) return { flaw: 'too long' }
  if (Math.max(header.depth, claims.depth) > profile.deepest) return { flaw: 'too deep' }
  const key = readKeyOf(header.members)
  if ('flaw' in key) return key
  const flaw = profile.flawOfHeader(header.members)
  if (flaw !== null) return { flaw }
  const read = profile.readClaims(claims.members)
  return 'flaw' in read ? read : { ...key, profile, claims: read }
}

/**
 * The header may say which key (RFC 7515 §4.1.4: `kid` is optional, and a text); the algorithm that it names must only be one
 * that has a public key (RFC 8725 §3.1).
 */
function readKeyOf({
  alg,
  kid
}: Record<string, unknown>): Pick<ReadToken, 'kid' | 'algorithm'> | Flaw {
  const named = kid ?? null
  if (named !== null && (typeof named !== 'string' || named === '')) {
    return { flaw: 'kid is not a text' }
  }
  const algorithm = signatureAlgorithms.find((known) => known === alg)
  return algorithm === undefined
    ? { flaw: 'alg is not one that is checked with a public key' }
    : { kid: named, algorithm }
}
