import type { DelegatedToken } from '@gatehouse/access-token/delegation'
import type { Identity } from '@gatehouse/edge-headers/identity'
import type { NamedClaim } from './claims/forwarded-claims.ts'

/** A token with a valid signature, issuer, audience and times. */
export type VerifiedToken = {
  readonly identity: Identity
  /** the key that signed it; null for keys of another issuer, which we cannot revoke */
  readonly kid: string | null
  /** in seconds since 1970: `iat` */
  readonly issuedAt: number
  /** the version of its owner's rights when it was issued; null if the token has none */
  readonly rightsVersion: number | null
  /** if a service got it by exchange: the actor and the audience; null for any other token */
  readonly delegation: DelegatedToken | null
  /** when the user signed in, in seconds since 1970; null if no user did (a machine client) */
  readonly authenticatedAt: number | null
  /** how well the user is authenticated: `acr`; null if the token does not say */
  readonly authenticationClass: string | null
  /** the name of another issuer; null for our own auth service */
  readonly issuerName: string | null
  /** the claims that its issuer's entry forwards to every service; one list for all its tokens */
  readonly issuerClaims: readonly NamedClaim[]
  /** in seconds since 1970: `exp` plus the allowed difference of the clocks */
  readonly usableUntil: number
}
