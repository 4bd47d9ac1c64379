/**
 * The pauses between the attempts of one delivery, in seconds: three days in all. As the example of
 * Standard Webhooks, with one attempt more in the first minutes.
 */
const PAUSES: readonly number[] = [5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]

/** Of a receiver that asks for a longer pause, no more than this is granted. */
const LONGEST_WISH_MS = 3_600_000

/** how far jitter moves a pause, so that deliveries that failed together do not return together */
const JITTER = 0.2

/** Moves a time by up to a fifth, earlier or later. */
export const withJitter = (ms: number, random: () => number): number =>
  Math.round(ms * (1 - JITTER + 2 * JITTER * random()))

/** What is granted of the pause that a receiver asks for. */
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
