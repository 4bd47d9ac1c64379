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

type Part = {
  readonly failures: Uint8Array
  /** seconds since 1970 */
  readonly last: Uint32Array
}

type Cell = { readonly part: Part; readonly index: number }

function memoryGuessCounts(clock: () => number): GuessCounts {
  const partOf = growingTable()
  const cellsOf = (key: Buffer): Cell[] => {
    const { part: number, cells } = placeOf(key, GUESS_SHAPE)
    const part = partOf(number)
    return cells.map((index) => ({ part, index }))
  }
  const lastOf = ({ part, index }: Cell): number => part.last[index] ?? 0
  const current = (cell: Cell): number =>
    clock() / 1000 - lastOf(cell) < FAILURES_KEPT_SECONDS
      ? (cell.part.failures[cell.index] ?? 0)
      : 0
  const secondsLeft = (cells: readonly Cell[]): number => {
    const each = cells.map((cell) => {
      const wait = waitSeconds(current(cell))
      const left = lastOf(cell) + wait - clock() / 1000
      // A time in the future is that of a clock which was set back: it must not lock an account.
      return wait === 0 || left > wait + 1 ? 0 : left
    })
    return Math.max(0, Math.ceil(Math.min(...each)))
  }
  const takeOff = (cells: readonly Cell[], count: number): void => {
    for (const cell of cells) {
      cell.part.failures[cell.index] = Math.max(0, current(cell) - count)
    }
  }

  return {
    wait: async (key) => secondsLeft(cellsOf(key)),
    async take(key) {
      const cells = cellsOf(key)
      const seconds = secondsLeft(cells)
      if (seconds > 0) return seconds
      for (const cell of cells) {
        const { part, index } = cell
        part.failures[index] = Math.min(current(cell) + 1, MOST_FAILURES)
        part.last[index] = Math.ceil(clock() / 1000)
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

/** Returns the parts of a table. Each is created at its first use: all together have 10 MiB. */
function growingTable(): (number: number) => Part {
  const size = ROWS * GUESS_SHAPE.columns
  const parts = new Map<number, Part>()
  return (number) => {
    const known = parts.get(number)
    if (known !== undefined) return known
    const part = { failures: new Uint8Array(size), last: new Uint32Array(size) }
    parts.set(number, part)
    return part
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
