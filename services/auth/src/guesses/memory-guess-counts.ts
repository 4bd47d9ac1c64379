import { LRUCache } from 'lru-cache'
import {
  FAILURES_KEPT_SECONDS,
  type GuessCount,
  type GuessCounts,
  KNOWN_KEPT_SECONDS
} from './guess-counts.ts'

/** a hundred bytes each; whoever wants to push one out has that many passwords hashed first */
const MOST = 100_000
/** Each entry counts as one. With `max` the cache would make room for all of them at once. */
const bounded = { maxSize: MOST, sizeCalculation: () => 1 }

/** For one process that is all there is. A restart forgets, which no attacker can bring about. */
export function memoryGuessCounts(clock: () => number): GuessCounts {
  const counts = new LRUCache<string, GuessCount>(bounded)
  const known = new LRUCache<string, number>(bounded)
  const current = (key: string): GuessCount | null => {
    const count = counts.get(key)
    return count && clock() < count.lastMs + FAILURES_KEPT_SECONDS * 1000 ? count : null
  }
  return {
    read: async (key) => current(key),
    async add(key, nowMs) {
      counts.set(key, { failures: (current(key)?.failures ?? 0) + 1, lastMs: nowMs })
    },
    async reset(key) {
      counts.delete(key)
    },
    async know(key) {
      known.set(key, clock() + KNOWN_KEPT_SECONDS * 1000)
    },
    isKnown: async (key) => clock() < (known.get(key) ?? 0)
  }
}
