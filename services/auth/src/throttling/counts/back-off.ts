/** Typing errors of a person who knows the password. */
const FREE_FAILURES = 5
const LONGEST_SECONDS = 900

const delays = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, LONGEST_SECONDS]

/**
 * After this many failures, how many seconds to wait before the next guess. The index is the number
 * of failures, and the last entry applies to all higher numbers. With these waits, a year of
 * guessing makes 35,000 guesses.
 */
export const waitsSeconds: readonly number[] = [...Array(FREE_FAILURES + 1).fill(0), ...delays]

export const waitSeconds = (failures: number): number => waitsSeconds[failures] ?? LONGEST_SECONDS

/**
 * Failures are forgotten after this time without another guess. A guesser who pauses for that long
 * and starts again makes fewer guesses than one who continues: sixteen in four hours and a quarter.
 */
export const FAILURES_KEPT_SECONDS = 4 * 3600
