import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { ClientOf } from '../keys/find-key.ts'
import { tokenExpired } from '../refusals.ts'
import { type CheckedToken, type TokenCheckOptions, tokenCheck } from './check-token.ts'
import { rememberedBytes } from './remembered-bytes.ts'
import type { VerifiedToken } from './verified-token.ts'

export type AccessTokenVerifier = {
  /**
   * Returns a remembered token without delay.
   * @param clientOf the client that presents it, if the request must wait for the key of the token
   * @throws Refusal UNAUTHENTICATED, TOKEN_EXPIRED, TOKEN_STALE, or UNAVAILABLE while no trusted
   * key set is loaded or the issuer cannot be asked for the key
   */
  verify(token: string, clientOf?: ClientOf): VerifiedToken | Promise<VerifiedToken>
  figures(): VerifierFigures
}

/** Counts since the start of the process, and what is remembered now. */
type VerifierFigures = {
  /** valid tokens that were remembered, and valid tokens that were verified */
  readonly remembered: number
  readonly verified: number
  /** including tokens that could not be checked */
  readonly refused: number
  readonly entries: number
  readonly bytes: number
}

type VerifierOptions = TokenCheckOptions & {
  /** how many bytes of the heap the remembered tokens may use */
  readonly rememberedBytes: number
}

/** If the set has changed, the key may have been withdrawn. */
const isCurrent = ({ keys, keySet }: CheckedToken): boolean => keys.version === keySet

/**
 * Verifies access tokens and remembers valid ones, by a digest of the whole token (with a weak
 * cache key, one token passes for another: fast-jwt GHSA-rp9m-7r4c-75qg), as long as its issuer's
 * key set stays the same, so that no entry outlives a withdrawn key. Failures are not remembered.
 * Every hit checks the expiry, and an expired token is forgotten.
 */
export function accessTokenVerifier(options: VerifierOptions): AccessTokenVerifier {
  const { clock } = options
  const check = tokenCheck(options)
  const remembered = new LRUCache<string, CheckedToken>({ maxSize: options.rememberedBytes })
  let [hits, verifications, failures] = [0, 0, 0]

  const isExpired = ({ usableUntil }: VerifiedToken): boolean =>
    Math.floor(clock() / 1000) >= usableUntil
  const refuseExpired = (verified: VerifiedToken): VerifiedToken => {
    if (isExpired(verified)) throw tokenExpired()
    return verified
  }
  const verifyAndRemember = async (
    token: string,
    digest: string,
    clientOf: ClientOf | undefined
  ) => {
    const checked = await check(token, clientOf)
    const { verified } = checked
    refuseExpired(verified)
    if (isCurrent(checked)) {
      remembered.set(digest, checked, { size: rememberedBytes(digest, verified) })
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
    verify(token, clientOf) {
      const digest = hash('sha256', token, 'base64')
      const known = remembered.get(digest)
      if (known === undefined || !isCurrent(known)) {
        return counted(verifyAndRemember(token, digest, clientOf))
      }
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
