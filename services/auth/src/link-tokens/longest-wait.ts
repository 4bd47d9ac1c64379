/**
 * A letter with a link that has waited longer is not sent: all of its attempts have failed, and an
 * operator retries it. Its link may have been used after the first attempt, and that it was used is
 * forgotten a day after it has expired.
 */
const LONGEST_WAIT_MS = 12 * 3_600_000

export const hasWaitedTooLong = (queuedAtMs: number, nowMs: number): boolean =>
  nowMs - queuedAtMs > LONGEST_WAIT_MS
