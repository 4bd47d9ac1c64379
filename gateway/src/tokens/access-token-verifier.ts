import { hash } from 'node:crypto'
import type { Sighting } from '@gatehouse/sightings/sighting'
import { LRUCache } from 'lru-cache'
import { KeyNotAsked } from '../keys/find-key.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import { invalidToken, notYet, tokenExpired, tokenStale } from '../refusals.ts'
import type { CheckSignature } from '../signature-checks.ts'
import { type ReadClaims, readAccessToken } from './access-token-profile.ts'
import { rememberedBytes } from './remembered-bytes.ts'
import type { TrustedIssuers } from './trusted-issuers.ts'
import type { VerifiedToken } from './verified-token.ts'

export type AccessTokenVerifier = {
  /**
   * Returns a remembered token without delay.
   * @throws Refusal UNAUTHENTICATED, TOKEN_EXPIRED, TOKEN_STALE, or UNAVAILABLE while no trusted
   * key set is loaded or the issuer cannot be asked for the key
   */
  verify(token: string): VerifiedToken | Promise<VerifiedToken>
  figures(): VerifierFigures
}

/** Counts since the start of the process, and what is remembered now. */
export type VerifierFigures = {
  /** valid tokens that were remembered, and valid tokens that were verified */
  readonly remembered: number
  readonly verified: number
  /** including tokens that could not be checked */
  readonly refused: number
  readonly entries: number
  readonly bytes: number
}

type VerifierNeeds = {
  issuers: TrustedIssuers
  checkSignature: CheckSignature
  /** called when a session token of our own is verified, not when it is remembered */
  noteSighting: (sighting: Sighting) => void
  clock: () => number
  /** how many bytes of the heap the remembered tokens may use */
  rememberedBytes: number
}

/** A verified token, and the set of its issuer's keys from which it was verified. */
type Remembered = {
  readonly verified: VerifiedToken
  readonly keys: Pick<SigningKeys, 'version'>
  readonly keySet: string
}

/** If the set has changed, the key may have been withdrawn. */
const isCurrent = ({ keys, keySet }: Remembered): boolean => keys.version === keySet

/**
 * Verifies access tokens and remembers valid ones, by a digest of the whole token (with a weak
 * cache key, one token passes for another: fast-jwt GHSA-rp9m-7r4c-75qg), as long as its issuer's
 * key set stays the same, so that no entry outlives a withdrawn key. Failures are not remembered.
 * Every hit checks the expiry, and an expired token is forgotten.
 */
export function accessTokenVerifier(needs: VerifierNeeds): AccessTokenVerifier {
  const { issuers, checkSignature, noteSighting, clock } = needs
  const remembered = new LRUCache<string, Remembered>({ maxSize: needs.rememberedBytes })
  const nowSeconds = () => Math.floor(clock() / 1000)
  let [hits, verifications, failures] = [0, 0, 0]

  const sight = ({ identity, generation }: ReadClaims): void => {
    const { subject, session: sid } = identity
    // The token of a login was not issued by a refresh, so no response to a refresh can have been
    // lost.
    if (sid !== null && generation) noteSighting({ subject, sid, generation })
  }

  const verifyUnseen = async (token: string): Promise<Remembered> => {
    const read = readAccessToken(token, (issuer) => issuers.find(issuer)?.profile)
    if ('flaw' in read) throw invalidToken(read.flaw)
    const { kid, algorithm, profile, claims } = read
    const keys = issuers.find(profile.issuer)?.keys
    if (keys === undefined) throw invalidToken('another issuer')
    // Read before the search for the key, which may load a new set. The token is then remembered
    // under the version of the old set, which no longer counts.
    const keySet = keys.version
    const key = await keys.find(kid, algorithm).catch((error: unknown) => {
      if (error instanceof KeyNotAsked) throw notYet(`its key is not known: ${error.message}`)
      throw error
    })
    // Sessions outlive a key that leaked: a refresh returns a token that another key signed.
    if (keys.isWithdrawn(kid)) throw tokenStale('its key is revoked')
    if (key === null) throw invalidToken('an unknown key')
    if (!profile.acceptsKeyOf(key.issuer)) throw invalidToken('a key of another tenant')
    // The key decides the algorithm, and the token must not contradict it (RFC 8725 §3.1).
    if (!key.algorithms.includes(algorithm))
      throw invalidToken('its algorithm is not one of its key')
    if (!(await checkSignature(token, key, algorithm)))
      throw invalidToken('the signature is not good')
    const { identity, issuedAt, rightsVersion, notBefore, authenticatedAt } = claims
    if (notBefore > nowSeconds() + profile.skewSeconds) {
      throw invalidToken('from the future')
    }
    if (profile.issuerName === null) sight(claims)
    const verified = {
      kid: profile.issuerName === null ? kid : null,
      issuerName: profile.issuerName,
      issuerClaims: profile.issuerClaims,
      identity,
      issuedAt,
      rightsVersion,
      authenticatedAt,
      usableUntil: identity.expiresAt + profile.skewSeconds
    }
    return { verified, keys, keySet }
  }

  const isExpired = ({ usableUntil }: VerifiedToken): boolean => nowSeconds() >= usableUntil
  const refuseExpired = (verified: VerifiedToken): VerifiedToken => {
    if (isExpired(verified)) throw tokenExpired()
    return verified
  }
  const verifyAndRemember = async (token: string, digest: string) => {
    const unseen = await verifyUnseen(token)
    const { verified } = unseen
    refuseExpired(verified)
    if (isCurrent(unseen)) {
      remembered.set(digest, unseen, { size: rememberedBytes(digest, verified) })
    }
    return verified
  }

  const counted = async (verifying: Promise<VerifiedToken>): Promise<VerifiedToken> => {
    try {
      const verified = await verifying
      verifications += 1
      return verified
    } catch (error) {
      failures += 1
      throw error
    }
  }

  return {
    verify(token) {
      const digest = hash('sha256', token, 'base64')
      const known = remembered.get(digest)
      if (known === undefined || !isCurrent(known)) return counted(verifyAndRemember(token, digest))
      hits += 1
      const { verified } = known
      if (isExpired(verified)) remembered.delete(digest)
      return refuseExpired(verified)
    },
    figures: () => ({
      remembered: hits,
      verified: verifications,
      refused: failures,
      entries: remembered.size,
      bytes: remembered.calculatedSize
    })
  }
}
