import type { SignatureAlgorithm } from './algorithms.ts'
import type { KeySet, VerificationKey } from './key-set.ts'

/**
 * The key of a set that a token is to be checked with. One check decides: where several keys could be meant, none is, because
 * trying them in turn would cost a signature check each.
 * @param kid the token's; null where it names none. It then means the only key of the set that has its algorithm, and so does a
 * `kid` in a set where that key has none (RFC 7515 §4.1.4 makes `kid` a hint).
 * @returns a key whose algorithms need not include the token's: with the `kid` known, there is nothing more to ask the issuer for
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
