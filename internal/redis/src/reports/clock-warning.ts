type Log = { warn(fields: object, message: string): void }

/**
 * How far a clock may differ from that of Redis. Verifiers of tokens accept a difference of five
 * seconds.
 */
const WORTH_A_WARNING_MS = 2000

/**
 * Warns when the clock of this machine begins to differ from that of Redis, by which the auth
 * services date tokens. With such a clock, a gateway refuses valid tokens, or accepts expired ones.
 * @returns a function that takes by how many milliseconds the clock is ahead (negative: behind),
 * and how much less it may be, because the reply of Redis was on its way
 */
export function clockWarning(log: Log): (aheadMs: number, uncertainMs?: number) => void {
  let wasFar = false
  return (aheadMs, uncertainMs = 0) => {
    const isFar = aheadMs - uncertainMs > WORTH_A_WARNING_MS || aheadMs < -WORTH_A_WARNING_MS
    if (isFar && !wasFar) {
      log.warn(
        { aheadSeconds: aheadMs / 1000 },
        'the clock of this machine differs from the clock of Redis: tokens expire too early or too late here'
      )
    }
    wasFar = isFar
  }
}
