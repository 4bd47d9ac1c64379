import { DAY_SECONDS } from '../../day.ts'
import type { Shape } from './count-min.ts'

/**
 * Counts guesses in a table of fixed size, because strangers choose what is counted. The count of a
 * key is never too low. It is too high only if other keys share all of its cells.
 * @throws Refusal UNAVAILABLE by every method, when the store does not answer
 */
export type GuessCounts = {
  /** In how many seconds the key may make its next guess; 0: now. */
  wait(key: Buffer): Promise<number>
  /**
   * If a guess is due, counts it as a failure in one step and returns 0. Otherwise counts nothing,
   * and returns the seconds to wait.
   */
  take(key: Buffer): Promise<number>
  /** Removes a guess from the count, because it was right. */
  giveBack(key: Buffer): Promise<void>
  /** Removes all guesses of the key. */
  forget(key: Buffer): Promise<void>
}

/**
 * Two million cells of 40 bits, 10 MiB. After 100 guesses per second for four hours, each at
 * another account, one account in 50,000 waits one second without a failure of its own.
 */
export const GUESS_SHAPE: Shape = { parts: 32, columns: 16_384 }
/** the largest count of a cell; the longest wait begins far below */
export const MOST_FAILURES = 255

/** The networks from which an account's owner has signed in. Both keys are digests. */
export type KnownNetworks = {
  /** Remembers a network for a month. */
  add(account: Buffer, network: Buffer): Promise<void>
  has(account: Buffer, network: Buffer): Promise<boolean>
}

export const KNOWN_KEPT_SECONDS = 30 * DAY_SECONDS

/** The counts of guesses, and the known networks. */
export type GuessStores = {
  /** guesses of callers that the account does not know, by account */
  readonly strangers: GuessCounts
  /** guesses of known callers, by caller */
  readonly known: GuessCounts
  readonly networks: KnownNetworks
}
