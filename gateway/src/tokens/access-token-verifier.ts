import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { ClientOf } from '../keys/find-key.ts'
import { tokenExpired } from '../refusals.ts'
import { type CheckedToken, type TokenCheckOptions, tokenCheck } from './checks/check-token.ts'
import { isExpired } from './is-expired.ts'
import { rememberedBytes } from './memory/remembered-bytes.ts'
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

/** The tokens that were valid, by digest, and how often a token was found, verified and refused. */
type Memory = {
  readonly tokens: LRUCache<string, CheckedToken>
  hits: number
  verifications: number
  failures: number
}

/**
 * Verifies access tokens and remembers valid ones, by a digest of the whole token (with a weak
 * cache key, one token passes for another: fast-jwt GHSA-rp9m-7r4c-75qg), as long as its issuer's
 * key set stays the same, so that no entry outlives a withdrawn key. Failures are not remembered.
 * Every hit checks the expiry, and an expired token is forgotten.
 */
export function accessTokenVerifier(options: VerifierOptions): AccessTokenVerifier {
  const { clock } = options
  const check = tokenCheck(options)
  const memory: Memory = {
    tokens: new LRUCache({ maxSize: options.rememberedBytes }),
    hits: 0,
    verifications: 0,
    failures: 0
  }
  return {
    verify(token, clientOf) {
      const digest = hash('sha256', token, 'base64')
      const known = memory.tokens.get(digest)
      if (known === undefined || !isCurrent(known)) {
        return remember(memory, digest, check(token, clientOf), clock)
      }
      memory.hits += 1
      const { verified } = known
      if (!isExpired(verified, clock())) return verified
      memory.tokens.delete(digest)
      throw tokenExpired()
    },
    figures: () => ({
      remembered: memory.hits,
      verified: memory.verifications,
      refused: memory.failures,
      entries: memory.tokens.size,
      bytes: memory.tokens.calculatedSize
    })
  }
}

/** Remembers a token if its check finds it valid. */
async function remember(
  memory: Memory,
  digest: string,
  checking: Promise<CheckedToken>,
  clock: () => number
): Promise<VerifiedToken> {
  try {
    const checked = await checking
    const { verified } = checked
    if (isExpired(verified, clock())) throw tokenExpired()
    if (isCurrent(checked)) {
      memory.tokens.set(digest, checked, { size: rememberedBytes(digest, verified) })
    }
    memory.verifications += 1
    return verified
  } catch (error) {
    memory.failures += 1
    throw error
  }
}

/** If the set has changed, the key may have been withdrawn. */
const isCurrent = ({ keys, keySet }: CheckedToken): boolean => keys.version === keySet
