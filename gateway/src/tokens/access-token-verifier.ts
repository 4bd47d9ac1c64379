import { hash } from 'node:crypto'
import type { Identity } from '@gatehouse/edge-headers/identity'
import type { Sighting } from '@gatehouse/sightings/sighting'
import { LRUCache } from 'lru-cache'
import { TENANT } from '../issuers/issuer-entry.ts'
import type { TrustedIssuers } from '../issuers/trusted-issuers.ts'
import type { VerificationKey } from '../keys/key-set.ts'
import { invalidToken, notYet, tokenExpired } from '../refusals.ts'
import type { CheckSignature } from '../signature-checks.ts'
import { type ReadClaims, readAccessToken, type TokenProfile } from './access-token-profile.ts'
import { rememberedBytes } from './remembered-bytes.ts'

/** A token whose signature, issuer, audience and times are good. */
export type VerifiedToken = {
  readonly identity: Identity
  /** the key that signed it; null for the keys of another issuer, which are not ours to revoke */
  readonly kid: string | null
  /** in seconds since 1970: `iat` */
  readonly issuedAt: number
  /** how often its owner's rights had changed when it was issued; null where it does not say */
  readonly rightsVersion: number | null
  /** when the user proved who they are, in seconds since 1970; null where nobody has (a machine client) */
  readonly authenticatedAt: number | null
  /** the name of another issuer; null for our own auth service */
  readonly issuerName: string | null
  /** in seconds since 1970: `exp`, and what the clocks may differ by */
  readonly usableUntil: number
}

export type AccessTokenVerifier = {
  /**
   * At once for a token that is remembered.
   * @throws Refusal UNAUTHENTICATED, TOKEN_EXPIRED, or UNAVAILABLE while there is no key set that counts, or
   * the issuer cannot be asked for the key
   */
  verify(token: string): VerifiedToken | Promise<VerifiedToken>
  figures(): VerifierFigures
}

/** Since the process started, and what is remembered now. */
export type VerifierFigures = {
  /** good tokens that were remembered, and that were not */
  readonly remembered: number
  readonly verified: number
  /** also those that could not be judged */
  readonly refused: number
  readonly entries: number
  readonly bytes: number
}

type VerifierNeeds = {
  issuers: TrustedIssuers
  checkSignature: CheckSignature
  /** hears of a token of a session of ours when it is verified, and not when it is remembered */
  noteSighting: (sighting: Sighting) => void
  clock: () => number
  /** how many bytes of the heap the remembered tokens may use */
  rememberedBytes: number
}

/**
 * A key set that serves several tenants may say whose each key is (Microsoft Entra ID: `issuer`): the keys of one tenant sign
 * nothing for another.
 */
function isOfAnotherTenant({ issuer }: VerificationKey, profile: TokenProfile): boolean {
  if (profile.tenant === null || issuer === null) return false
  return issuer.replaceAll(TENANT, profile.tenant) !== profile.issuer
}

/**
 * Verifies access tokens, and remembers those that were good: by a digest of the whole token (a weak cache key lets one
 * token pass for another: fast-jwt GHSA-rp9m-7r4c-75qg) and by the key sets, so that nothing outlives a withdrawn key.
 * Failures are not remembered; expiry is checked on every hit, and an expired token is forgotten.
 */
export function accessTokenVerifier(needs: VerifierNeeds): AccessTokenVerifier {
  const { issuers, checkSignature, noteSighting, clock } = needs
  const remembered = new LRUCache<string, VerifiedToken>({ maxSize: needs.rememberedBytes })
  const nowSeconds = () => Math.floor(clock() / 1000)
  let [hits, verifications, failures] = [0, 0, 0]

  const sight = ({ identity, generation }: ReadClaims): void => {
    const { subject, session: sid } = identity
    // The token of a login has no refresh before it whose answer could have been lost.
    if (sid !== null && generation) noteSighting({ subject, sid, generation })
  }

  const verifyUnseen = async (token: string): Promise<VerifiedToken> => {
    const read = readAccessToken(token, (issuer) => issuers.find(issuer)?.profile)
    if ('flaw' in read) throw invalidToken(read.flaw)
    const { kid, algorithm, profile, claims } = read
    const keys = issuers.find(profile.issuer)?.keys
    const key = (await keys?.find(kid, algorithm)) ?? null
    if (key === null) {
      if (keys?.isUnknown(kid)) throw invalidToken('an unknown key')
      throw notYet('the key set that may have its key is out of reach')
    }
    if (isOfAnotherTenant(key, profile)) throw invalidToken('a key of another tenant')
    // The key decides the algorithm; the token only may not contradict it (RFC 8725 §3.1).
    if (!key.algorithms.includes(algorithm)) throw invalidToken('another algorithm than its key')
    if (!(await checkSignature(token, key, algorithm)))
      throw invalidToken('the signature is not good')
    const { identity, issuedAt, rightsVersion, notBefore, authenticatedAt } = claims
    if (notBefore > nowSeconds() + profile.skewSeconds) {
      throw invalidToken('from the future')
    }
    if (profile.issuerName === null) sight(claims)
    return {
      kid: profile.issuerName === null ? kid : null,
      issuerName: profile.issuerName,
      identity,
      issuedAt,
      rightsVersion,
      authenticatedAt,
      usableUntil: identity.expiresAt + profile.skewSeconds
    }
  }

  const isExpired = ({ usableUntil }: VerifiedToken): boolean => nowSeconds() >= usableUntil
  const refuseExpired = (verified: VerifiedToken): VerifiedToken => {
    if (isExpired(verified)) throw tokenExpired()
    return verified
  }
  const verifyAndRemember = async (token: string, version: string, digest: string) => {
    const verified = await verifyUnseen(token)
    refuseExpired(verified)
    // Looking for an unknown key may have brought a new set. Under the version of the one before, in which the key was not,
    // the token would be good again as soon as the key is withdrawn.
    if (issuers.version === version) {
      remembered.set(digest, verified, { size: rememberedBytes(digest, verified) })
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
      const { version } = issuers
      const digest = `${version}.${hash('sha256', token, 'base64')}`
      const verified = remembered.get(digest)
      if (verified === undefined) return counted(verifyAndRemember(token, version, digest))
      hits += 1
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
