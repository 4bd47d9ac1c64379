import type { AssertionKeySet } from './membership.ts'

/**
 * The keys of several gateways on one machine, each of which has published its own and those that
 * it knows. Without the store, they do not know each other.
 * @param sets null: a gateway did not answer
 */
export function mergedKeySets(sets: readonly (unknown | null)[]): AssertionKeySet {
  const given = sets as readonly (AssertionKeySet | null)[]
  const keys = given.flatMap((set) => set?.keys ?? [])
  return {
    keys: [...new Map(keys.map((key) => [key.kid, key])).values()],
    complete: given.length > 0 && given.every((set) => set?.complete === true)
  }
}
