import { availableParallelism } from 'node:os'
import { tooManyPasswords } from '../refusals.ts'

/**
 * Runs password hashes, so many at a time as leave the process room for everything else, and lets a few wait.
 * @throws Refusal UNAVAILABLE where too many wait already
 */
export type HashQueue = <Result>(hash: () => Promise<Result>) => Promise<Result>

export type HashQueueOptions = {
  /** hashes under way at a time; each takes a thread of the pool and most of a core */
  readonly width: number
  /** how many may wait for their turn */
  readonly longest: number
}

/**
 * As many hashes at a time as leave half of the cores for refreshes, and a thread of the pool for all else that needs one.
 * With all cores but one, a flood made a refresh's p99 four times what it is at rest; with half of them it is two to three.
 */
export const hashThreads = (poolThreads: number, cores = availableParallelism()): number =>
  Math.max(1, Math.min(Math.ceil(cores / 2), poolThreads - 1))

/** A flood of logins is refused in part, instead of making everyone wait. */
export function hashQueue({ width, longest }: HashQueueOptions): HashQueue {
  const waiting: (() => void)[] = []
  let underWay = 0
  const turn = async (): Promise<void> => {
    if (underWay < width) {
      underWay += 1
      return
    }
    if (waiting.length >= longest) throw tooManyPasswords()
    // The one before hands over its place.
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  return async (hash) => {
    await turn()
    try {
      return await hash()
    } finally {
      const next = waiting.shift()
      if (next === undefined) underWay -= 1
      else next()
    }
  }
}
