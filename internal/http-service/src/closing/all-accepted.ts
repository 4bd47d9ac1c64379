import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

/** After so many turns, it resolves even if connections still arrive in each of them. */
const MOST_TURNS = 1000
const SHORT_MS = 0.05

/**
 * Resolves when no connection waits to be accepted, immediately after the event loop has polled, so
 * that a listener can be closed then. Node.js accepts one connection in each turn of the loop.
 * @param accepted how many connections have been accepted until now
 */
export async function allAccepted(accepted: () => number): Promise<void> {
  // A process that has just slept is interrupted by others less often.
  await sleep(1)
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    const before = accepted()
    const began = performance.now()
    await setImmediate()
    if (accepted() === before && performance.now() - began < SHORT_MS) return
  }
}
