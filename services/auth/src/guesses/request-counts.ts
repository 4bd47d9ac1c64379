import type { Shape } from './count-min.ts'

/** Counts requests by network, a minute at a time, in a table of fixed size: a flood from many networks costs no more. */
export type RequestCounts = {
  /**
   * Counts one request in a minute (whole minutes since 1970): how many it is. Too high where other networks share all of the
   * key's cells, never too low.
   * @throws Refusal UNAVAILABLE, when the store does not answer
   */
  count(minute: number, key: Buffer): Promise<number>
}

/** A quarter of a million cells of 48 bits in Redis, 1.5 MiB; each minute begins at none. */
export const REQUEST_SHAPE: Shape = { parts: 1, columns: 65_536 }
