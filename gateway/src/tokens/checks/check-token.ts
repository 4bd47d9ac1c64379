import type { Sighting } from '@gatehouse/sightings/sighting'
import type { SignatureAlgorithm } from '../../keys/algorithms.ts'
import type { ClientOf } from '../../keys/find-key.ts'
import { IssuerNotAsked } from '../../keys/issuer-not-asked.ts'
import type { VerificationKey } from '../../keys/key-sets/key-set.ts'
import type { SigningKeys } from '../../keys/signing-keys.ts'
import { invalidToken, notYet, tokenStale } from '../../refusals.ts'
import type { VerifiedToken } from '../verified-token.ts'
import { type ReadClaims, type ReadToken, readAccessToken } from './access-token-profile.ts'
import type { TrustedIssuers } from './trusted-issuers.ts'

/** A verified token, and the set of its issuer's keys from which it was verified. */
export type CheckedToken = {
  readonly verified: VerifiedToken
  readonly keys: Pick<SigningKeys, 'version'>
  readonly keySet: string
}

/**
 * Checks everything about a token except its expiry and whether it has been revoked.
 * @throws Refusal UNAUTHENTICATED, TOKEN_STALE, or UNAVAILABLE while no trusted key set is loaded
 * or the issuer cannot be asked for the key
 */
type CheckToken = (token: string, clientOf?: ClientOf) => Promise<CheckedToken>

/** Checks a signature with the algorithm that the token names, if it is one of the key's own. */
export type CheckSignature = (
  token: string,
  key: VerificationKey,
  algorithm: SignatureAlgorithm
) => boolean

export type TokenCheckOptions = {
  readonly issuers: TrustedIssuers
  readonly checkSignature: CheckSignature
  /** called with each token of our own that belongs to a session */
  readonly noteSighting: (sighting: Sighting) => void
  /** called with each token that is not accepted by its form, and with what is wrong with it */
  readonly noteFlaw: (token: string, flaw: string) => void
  readonly clock: () => number
}

export function tokenCheck(options: TokenCheckOptions): CheckToken {
  const { issuers, checkSignature, noteSighting, noteFlaw, clock } = options
  return async (token, clientOf) => {
    const read = readAccessToken(token, (issuer) => issuers.find(issuer)?.profile)
    if ('flaw' in read) {
      noteFlaw(token, read.flaw)
      throw invalidToken(read.flaw)
    }
    const { algorithm, profile, claims } = read
    const keys = issuers.find(profile.issuer)?.keys
    if (keys === undefined) throw invalidToken('the issuer of the token is not accepted')
    // Read before the search for the key, which may load a new set. The token is then remembered
    // under the version of the old set, which no longer counts.
    const keySet = keys.version
    const key = await keyOf(read, keys, clientOf)
    if (!checkSignature(token, key, algorithm)) {
      throw invalidToken('the signature of the token is not valid')
    }
    if (claims.notBefore > Math.floor(clock() / 1000) + profile.skewSeconds) {
      throw invalidToken('the token is not valid yet (iat or nbf)')
    }
    if (profile.issuerName === null) note(claims, noteSighting)
    return { verified: verifiedToken(read), keys, keySet }
  }
}

/** The key of a token's issuer that the token names, if it may sign this token. */
async function keyOf(
  { kid, algorithm, profile }: ReadToken,
  keys: SigningKeys,
  clientOf: ClientOf | undefined
): Promise<VerificationKey> {
  const key = await keys.find(kid, algorithm, clientOf).catch((error: unknown) => {
    if (error instanceof IssuerNotAsked)
      throw notYet(`the key of the token is not known: ${error.message}`)
    throw error
  })
  // Sessions outlive a key that leaked: a refresh returns a token that another key signed.
  if (keys.isWithdrawn(kid)) throw tokenStale('the key of the token is revoked')
  if (key === null) throw invalidToken('the key of the token is unknown')
  if (!profile.acceptsKeyOf(key.issuer)) throw invalidToken('the key belongs to another tenant')
  // The key decides the algorithm, and the token must not contradict it (RFC 8725 §3.1).
  if (!key.algorithms.includes(algorithm)) {
    throw invalidToken('the key does not allow the algorithm of the token')
  }
  return key
}

function note(
  { identity, generation }: ReadClaims,
  noteSighting: TokenCheckOptions['noteSighting']
): void {
  const { subject, session: sid } = identity
  // The token of a login was not issued by a refresh, so no response to a refresh can have been
  // lost.
  if (sid !== null && generation) noteSighting({ subject, sid, generation })
}

function verifiedToken({ kid, profile, claims }: ReadToken): VerifiedToken {
  const { identity, issuedAt, rightsVersion, delegation } = claims
  return {
    kid: profile.issuerName === null ? kid : null,
    issuerName: profile.issuerName,
    issuerClaims: profile.issuerClaims,
    identity,
    issuedAt,
    rightsVersion,
    delegation,
    authenticatedAt: claims.authenticatedAt,
    authenticationClass: claims.authenticationClass,
    usableUntil: identity.expiresAt + profile.skewSeconds
  }
}
