import type { Ports } from '../ports.ts'

/** the same as in the auth service; tokens are accepted with five seconds */
const WORTH_A_WARNING_MS = 2000

/**
 * Warns when the clock of this machine begins to differ from that of Redis, by which the auth
 * services date tokens. With such a clock, a gateway refuses valid tokens, or accepts expired ones.
 * @returns a function that takes the time of Redis, and how long its answer took
 */
export function watchClock(
  log: Pick<Ports['log'], 'warn'>,
  clock: () => number = Date.now
): (redisMs: number, tookMs: number) => void {
  let wasFar = false
  return (redisMs, tookMs) => {
    const aheadMs = clock() - redisMs
    // The answer may have been on its way for all the time that it took.
    const isFar = aheadMs - tookMs > WORTH_A_WARNING_MS || aheadMs < -WORTH_A_WARNING_MS
    if (isFar && !wasFar) log.warn({ aheadSeconds: aheadMs / 1000 }, DIFFERS)
    wasFar = isFar
  }
}

const DIFFERS =
  'the clock of this machine differs from the clock of Redis: tokens expire too early or too late here'
