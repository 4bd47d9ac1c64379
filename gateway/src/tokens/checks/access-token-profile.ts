import type { DelegatedToken } from '@gatehouse/access-token/delegation'
import { type Flaw, readJwt } from '@gatehouse/access-token/read-jwt'
import type { Identity } from '@gatehouse/edge-headers/identity'
import { type SignatureAlgorithm, signatureAlgorithms } from '../../keys/algorithms.ts'
import type { NamedClaim } from '../claims/forwarded-claims.ts'

/** The contents of a token that has the form of its issuer's tokens. */
export type ReadClaims = {
  readonly identity: Identity
  /** whole seconds since 1970, for revocations */
  readonly issuedAt: number
  /** the version of its owner's rights; null if the token has none */
  readonly rightsVersion: number | null
  /** null for a token that is for the whole installation */
  readonly delegation: DelegatedToken | null
  /**
   * the generation of the session's refresh-token family when the token was issued; null if the
   * token has none
   */
  readonly generation: number | null
  /** seconds since 1970, `nbf` or `iat`, whichever is later */
  readonly notBefore: number
  /** when the user signed in; null if no user did, or if the token does not say */
  readonly authenticatedAt: number | null
  /** how well the user is authenticated: `acr`; null if the token does not say */
  readonly authenticationClass: string | null
}

/** The form of the access tokens of one issuer. */
export type TokenProfile = {
  /** `iss`, compared character by character */
  readonly issuer: string
  /**
   * the name of another issuer, to which our revocations of keys do not apply; null for our own
   * auth service
   */
  readonly issuerName: string | null
  /** the claims that every service gets; always the same list */
  readonly issuerClaims: readonly NamedClaim[]
  /** how far its clock and ours may differ */
  readonly skewSeconds: number
  /** in characters */
  readonly longestToken: number
  /** the maximum depth of objects and lists in the header and the claims */
  readonly deepest: number
  /**
   * whether a key of its key set may sign its tokens
   * @param keyIssuer the issuer of the key, possibly a template; null if the key set names none
   */
  acceptsKeyOf(keyIssuer: string | null): boolean
  /** what is wrong with a header; null if it is valid */
  flawOfHeader(header: Readonly<Record<string, unknown>>): string | null
  /** reads claims whose `iss` is this issuer */
  readClaims(claims: Readonly<Record<string, unknown>>): ReadClaims | Flaw
}

/** A token that has the form of an access token of its issuer. Its signature is not checked yet. */
export type ReadToken = {
  /** null if it names no key */
  readonly kid: string | null
  readonly algorithm: SignatureAlgorithm
  readonly profile: TokenProfile
  readonly claims: ReadClaims
}

/**
 * Reads an access token by the profile of its issuer, which allows a single encoding. Pure: decides
 * everything that does not depend on the key or the clock.
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
  if (profile === undefined) return { flaw: 'the issuer of the token is not accepted' }
  if (token.length > profile.longestToken) return { flaw: 'the token is too long' }
  if (Math.max(header.depth, claims.depth) > profile.deepest) {
    return { flaw: 'the token is nested too deeply' }
  }
  const key = readKeyOf(header.members)
  if ('flaw' in key) return key
  const flaw = profile.flawOfHeader(header.members)
  if (flaw !== null) return { flaw }
  const read = profile.readClaims(claims.members)
  return 'flaw' in read ? read : { ...key, profile, claims: read }
}

/**
 * The header may name a key (RFC 7515 §4.1.4: `kid` is an optional string). The algorithm that it
 * names must be one with a public key (RFC 8725 §3.1).
 */
function readKeyOf({
  alg,
  kid
}: Record<string, unknown>): Pick<ReadToken, 'kid' | 'algorithm'> | Flaw {
  const named = kid ?? null
  if (named !== null && (typeof named !== 'string' || named === '')) {
    return { flaw: 'kid is not a string' }
  }
  const algorithm = signatureAlgorithms.find((known) => known === alg)
  return algorithm === undefined
    ? { flaw: 'alg is not an accepted algorithm with a public key' }
    : { kid: named, algorithm }
}
