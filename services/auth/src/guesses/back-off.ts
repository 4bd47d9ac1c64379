/** Typing errors of somebody who knows the password. */
const FREE_FAILURES = 5
const LONGEST_SECONDS = 900

const delays = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, LONGEST_SECONDS]

/**
 * How many seconds after the last of so many failures the next guess is due; the index is the number of failures, and the
 * last entry stands for all beyond it. Guessing for a year makes 35,000 guesses.
 */
export const waitsSeconds: readonly number[] = [...Array(FREE_FAILURES + 1).fill(0), ...delays]

export const waitSeconds = (failures: number): number => waitsSeconds[failures] ?? LONGEST_SECONDS

/**
 * After so long without another guess, failures are forgotten. A guesser who pauses for that long and starts again makes
 * fewer guesses than one who goes on: sixteen in four hours and a quarter.
 */
export const FAILURES_KEPT_SECONDS = 4 * 3600
