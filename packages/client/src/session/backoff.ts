import type { Environment } from '../environment.ts'
import { GatehouseProblem } from '../problem.ts'
import { sleep } from '../sleep.ts'

const ATTEMPTS = 3
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2000
/** A longer `Retry-After` is for the program, not for a call that waits. */
const LONGEST_WAIT_MS = 5000

/**
 * Repeats work that fails. The pauses grow with the failures in a row, including those of other
 * tabs.
 */
export function backoff(environment: Environment) {
  let failures = 0
  /** by the monotonic clock */
  let notBeforeMs = 0
  let last: GatehouseProblem | null = null

  const pauseAfter = ({ retryable, retryAfter }: GatehouseProblem): number => {
    if (!retryable) return 0
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
    // Never earlier than the server says, and not all at once.
    return (retryAfter ? retryAfter * 1000 : pause) * (1 + environment.random() / 4)
  }
  /** @returns the pause before the next attempt, in milliseconds */
  const fail = (problem: GatehouseProblem, waitMs = pauseAfter(problem)): number => {
    failures += 1
    last = problem
    notBeforeMs = environment.monotonicMs() + waitMs
    return waitMs
  }
  return {
    fail,
    /**
     * @param onFailure called with a failure after which the work is not repeated
     * @throws GatehouseProblem the last failure, which may be an earlier one whose pause is not
     * over
     */
    async repeat(
      work: () => Promise<void>,
      onFailure: (problem: GatehouseProblem, waitMs: number) => void
    ): Promise<void> {
      for (let attempts = 1; ; attempts += 1) {
        const dueMs = notBeforeMs - environment.monotonicMs()
        if (dueMs > LONGEST_WAIT_MS) throw last
        if (dueMs > 0) await sleep(environment, dueMs)
        try {
          await work()
          failures = notBeforeMs = 0
          return
        } catch (error) {
          if (!(error instanceof GatehouseProblem)) throw error
          const waitMs = fail(error)
          if (error.retryable && attempts < ATTEMPTS) continue
          onFailure(error, waitMs)
          throw error
        }
      }
    }
  }
}
