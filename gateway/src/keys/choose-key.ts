import type { SignatureAlgorithm } from './algorithms.ts'
import type { KeySet, VerificationKey } from './key-sets/key-set.ts'

/**
 * The key of a set with which to check a token. There is at most one check: if several keys could
 * be meant, none is chosen, because trying each would cost a signature check.
 * @param kid of the token; null if it has none. A token without a `kid` means the only key of the
 * set that has its algorithm. A token whose `kid` no key has means the only
 * such key without a `kid` (in RFC 7515 §4.1.4, `kid` is a hint).
 * @returns a key; if the `kid` is known, its algorithms may lack the token's, because asking the
 * issuer again would not help
 */
export function chooseKey(
  { keys }: KeySet,
  kid: string | null,
  algorithm: SignatureAlgorithm
): VerificationKey | null {
  const named = kid === null ? [] : keys.filter((key) => key.kid === kid)
  if (named.length > 0) return ofAlgorithm(named, algorithm)[0] ?? named[0] ?? null
  const candidates = ofAlgorithm(
    kid === null ? keys : keys.filter((key) => key.kid === null),
    algorithm
  )
  return candidates.length === 1 ? (candidates[0] ?? null) : null
}

const ofAlgorithm = (keys: readonly VerificationKey[], algorithm: SignatureAlgorithm) =>
  keys.filter(({ algorithms }) => algorithms.includes(algorithm))
