import { LRUCache } from 'lru-cache'
import { FAILURES_KEPT_SECONDS, waitSeconds } from './back-off.ts'
import { placeOf, ROWS } from './count-min.ts'
import {
  GUESS_SHAPE,
  type GuessCounts,
  type GuessStores,
  KNOWN_KEPT_SECONDS,
  type KnownNetworks,
  MOST_FAILURES
} from './guess-counts.ts'

/** about 200 bytes each; each successful login can push out only one */
const MOST_NETWORKS = 50_000

/**
 * For an installation in one process. A restart forgets the counts, and no client can cause a
 * restart.
 */
export const memoryGuessStores = (clock: () => number): GuessStores => ({
  strangers: memoryGuessCounts(clock),
  known: memoryGuessCounts(clock),
  networks: memoryKnownNetworks(clock)
})

function memoryGuessCounts(clock: () => number): GuessCounts {
  const { parts, columns } = GUESS_SHAPE
  const failures = new Uint8Array(parts * ROWS * columns)
  /** seconds since 1970 */
  const last = new Uint32Array(failures.length)

  const cellsOf = (key: Buffer): number[] => {
    const { part, cells } = placeOf(key, GUESS_SHAPE)
    return cells.map((cell) => part * ROWS * columns + cell)
  }
  const current = (cell: number): number =>
    clock() / 1000 - (last[cell] ?? 0) < FAILURES_KEPT_SECONDS ? (failures[cell] ?? 0) : 0
  const secondsLeft = (cells: readonly number[]): number => {
    const each = cells.map((cell) => {
      const wait = waitSeconds(current(cell))
      return wait === 0 ? 0 : (last[cell] ?? 0) + wait - clock() / 1000
    })
    return Math.max(0, Math.ceil(Math.min(...each)))
  }
  const takeOff = (cells: readonly number[], count: number): void => {
    for (const cell of cells) failures[cell] = Math.max(0, current(cell) - count)
  }

  return {
    wait: async (key) => secondsLeft(cellsOf(key)),
    async take(key) {
      const cells = cellsOf(key)
      const seconds = secondsLeft(cells)
      if (seconds > 0) return seconds
      for (const cell of cells) {
        failures[cell] = Math.min(current(cell) + 1, MOST_FAILURES)
        last[cell] = Math.ceil(clock() / 1000)
      }
      return 0
    },
    async giveBack(key) {
      takeOff(cellsOf(key), 1)
    },
    async forget(key) {
      const cells = cellsOf(key)
      takeOff(cells, Math.min(...cells.map(current)))
    }
  }
}

function memoryKnownNetworks(clock: () => number): KnownNetworks {
  // Each entry counts as one. With `max`, the cache would allocate memory for all of them at once.
  const until = new LRUCache<string, number>({ maxSize: MOST_NETWORKS, sizeCalculation: () => 1 })
  const name = (account: Buffer, network: Buffer) =>
    Buffer.concat([account, network]).toString('base64url')
  return {
    async add(account, network) {
      until.set(name(account, network), clock() + KNOWN_KEPT_SECONDS * 1000)
    },
    has: async (account, network) => clock() < (until.get(name(account, network)) ?? 0)
  }
}
