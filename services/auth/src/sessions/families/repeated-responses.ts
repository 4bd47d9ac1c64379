import { AHEAD_SECONDS } from '../../revocations/stale-ahead.ts'

/** The least valid `iat` (s) after a recovery: tokens of the first response have an earlier one. */
export const afterFirstResponse = (notBefore: number, now: number): number =>
  Math.max(notBefore, now + AHEAD_SECONDS)

/**
 * The least valid `iat` (s) after the next rotation: tokens of the recovery, which are dated ahead,
 * have an earlier one. It is never so far ahead of the clock that a verifier refuses a token as too
 * early, however often this happens within a second.
 */
export const afterSecondResponse = (notBefore: number, now: number): number =>
  Math.max(notBefore, now + AHEAD_SECONDS, Math.min(notBefore + 1, now + AHEAD_SECONDS + 1))
