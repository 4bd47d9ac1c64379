import type { Shape } from './count-min.ts'

/**
 * Counts requests per network and minute, in a table of fixed size, so that a flood from many
 * networks costs no more memory.
 */
export type RequestCounts = {
  /**
   * Counts one request in a minute (whole minutes since 1970), and returns how many there were. The
   * count is too high if other networks share all of the key's cells, and never too low.
   * @throws Refusal UNAVAILABLE, when the store does not answer
   */
  count(minute: number, key: Buffer): Promise<number>
}

/** A quarter of a million cells of 48 bits in Redis, 1.5 MiB. Each minute begins with 0. */
export const REQUEST_SHAPE: Shape = { parts: 1, columns: 65_536 }
