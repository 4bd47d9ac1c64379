/** Typing errors of somebody who knows the password. */
const FREE_FAILURES = 5
const LONGEST_MS = 15 * 60_000

/**
 * How long after the last of so many failures the next guess is looked at: a second after the sixth, twice as long after
 * each more. Whoever goes on for a year has had 35,000 guesses. Pure.
 */
export function waitMs(failures: number): number {
  if (failures <= FREE_FAILURES) return 0
  return Math.min(1000 * 2 ** (failures - FREE_FAILURES - 1), LONGEST_MS)
}
