import { availableParallelism } from 'node:os'
import { tooManyPasswords } from '../account-refusals.ts'

/**
 * Runs a limited number of password hashes at a time, so that the process has capacity for
 * everything else, and lets a few wait.
 * @throws Refusal UNAVAILABLE if too many wait already
 */
export type HashQueue = <Result>(hash: () => Promise<Result>) => Promise<Result>

type HashQueueOptions = {
  /** hashes that run at a time; each takes a thread of the pool and most of a core */
  readonly width: number
  /** how many hashes may wait */
  readonly longest: number
  readonly watch?: HashQueueWatch
}

/** Observes the queue, for metrics. */
export type HashQueueWatch = {
  /** how many hashes wait now */
  waiting(count: number): void
  /** how long a hash that begins now has waited */
  waited(seconds: number): void
  /** a hash was refused because too many waited */
  refused(): void
}

/**
 * The number of hashes that leaves half of the cores for refreshes, and one thread of the pool for
 * other work. With all cores but one, a flood of logins multiplied a refresh's p99 by four; with
 * half of the cores, by two to three.
 * @param cores of this process: workers divide them
 */
export const hashThreads = (poolThreads: number, cores = availableParallelism()): number =>
  Math.max(1, Math.min(Math.ceil(cores / 2), poolThreads - 1))

/** In a flood, some logins are refused, so that the others need not wait long. */
export function hashQueue({ width, longest, watch }: HashQueueOptions): HashQueue {
  const waiting: (() => void)[] = []
  let underWay = 0
  const turn = async (): Promise<void> => {
    if (underWay < width) {
      underWay += 1
      return
    }
    if (waiting.length >= longest) {
      watch?.refused()
      throw tooManyPasswords()
    }
    // The previous hash hands over its place.
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      watch?.waiting(waiting.length)
    })
  }
  return async (hash) => {
    const askedAt = performance.now()
    await turn()
    watch?.waited((performance.now() - askedAt) / 1000)
    try {
      return await hash()
    } finally {
      const next = waiting.shift()
      if (next === undefined) underWay -= 1
      else {
        watch?.waiting(waiting.length)
        next()
      }
    }
  }
}
