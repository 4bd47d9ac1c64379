/**
 * A letter with a link is not sent if it has waited longer, because an operator retries it after
 * all attempts have failed. Its link may have been used after the first attempt. The record of that
 * use is deleted a day after the link expires, so a later letter could make a used link valid
 * again.
 */
const LONGEST_WAIT_MS = 12 * 3_600_000

export const hasWaitedTooLong = (queuedAtMs: number, nowMs: number): boolean =>
  nowMs - queuedAtMs > LONGEST_WAIT_MS
