/**
 * The pauses between the attempts of one delivery, in seconds: three days in all. As the example of
 * Standard Webhooks, with one attempt more in the first minutes.
 */
const PAUSES: readonly number[] = [5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]

/** the longest pause that a receiver can ask for */
const LONGEST_WISH_MS = 3_600_000

/** how far jitter moves a pause, so that deliveries that failed together do not return together */
const JITTER = 0.2

/** Moves a time by up to a fifth, earlier or later. */
const withJitter = (ms: number, random: () => number): number =>
  Math.round(ms * (1 - JITTER + 2 * JITTER * random()))

/** so that a claim outlives the attempt, its note and a slow database */
const LEASE_MARGIN_MS = 30_000

/** How long a claim lasts. @param timeoutMs of an attempt */
export const leaseOf = (timeoutMs: number): number => timeoutMs + LEASE_MARGIN_MS

/** after the first failure of a target; twice as long after each further one */
const FIRST_PAUSE_MS = 1000

/**
 * The pause of a whole target, in milliseconds.
 * @param failures of its attempts, one after the other
 */
export const targetPauseMs = (failures: number, longestMs: number, random: () => number): number =>
  withJitter(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), longestMs), random)

/** The pause that a receiver asks for, up to the longest one. */
export const grantedWishMs = (retryAfterMs: number | null): number =>
  Math.min(retryAfterMs ?? 0, LONGEST_WISH_MS)

/**
 * The pause after a failed attempt, in milliseconds; null after the last attempt.
 * @param attempt 1 for the first one
 * @param pauses between the attempts, in seconds
 */
export function retryDelayMs(
  attempt: number,
  retryAfterMs: number | null,
  random: () => number,
  pauses: readonly number[] = PAUSES
): number | null {
  const seconds = pauses[attempt - 1]
  if (seconds === undefined) return null
  return Math.max(withJitter(seconds * 1000, random), grantedWishMs(retryAfterMs))
}
