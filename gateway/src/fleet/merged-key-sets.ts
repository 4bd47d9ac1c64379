import { Value } from 'typebox/value'
import { AssertionKeySet } from './assertion-keys-schema.ts'

/**
 * The keys of several gateways on one machine, each of which has published its own and those that
 * it knows. Without the store, they do not know each other.
 * @param sets null, or anything else: a gateway did not answer
 */
export function mergedKeySets(sets: readonly unknown[]): AssertionKeySet {
  const given = sets.filter((set) => Value.Check(AssertionKeySet, set))
  const keys = given.flatMap((set) => set.keys)
  return {
    keys: [...new Map(keys.map((key) => [key.kid, key])).values()],
    complete: sets.length > 0 && given.length === sets.length && given.every((set) => set.complete)
  }
}
