import type { Shape } from './count-min.ts'

/**
 * Counts guesses in a table of fixed size: strangers choose what is counted, so it must not grow with what they choose. A key
 * that shares all of its cells with others may count too many, and none counts too few.
 * @throws Refusal UNAVAILABLE by every method, when the store does not answer
 */
export type GuessCounts = {
  /** In how many seconds the key's next guess is due; 0: now. */
  wait(key: Buffer): Promise<number>
  /** Counts a guess as a failure, where it is due, in one step: 0, or the seconds to wait, and then nothing is counted. */
  take(key: Buffer): Promise<number>
  /** Takes a guess off the count again: it was right. */
  giveBack(key: Buffer): Promise<void>
  /** Takes all of the key's guesses off. */
  forget(key: Buffer): Promise<void>
}

/**
 * Two million cells of 40 bits, 10 MiB. After 100 guesses a second for four hours, each at another account, one account in
 * 50,000 waits a second without a failure of its own.
 */
export const GUESS_SHAPE: Shape = { parts: 32, columns: 16_384 }
/** the most that a cell counts; the longest wait begins far below */
export const MOST_FAILURES = 255

/** The networks from which an account's owner has signed in. Both keys are digests. */
export type KnownNetworks = {
  /** Remembers a network for a month. */
  add(account: Buffer, network: Buffer): Promise<void>
  has(account: Buffer, network: Buffer): Promise<boolean>
}

export const KNOWN_KEPT_SECONDS = 30 * 86_400

/** Where guesses are counted and who is known. */
export type GuessStores = {
  /** guesses of callers that their account does not know, by account */
  readonly strangers: GuessCounts
  /** guesses of known callers, each by itself */
  readonly known: GuessCounts
  readonly networks: KnownNetworks
}
