/** Numbers from 0 to 1 that look random, and are the same in each run (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A time between two events that do not depend on each other, in the unit of the mean. */
export const timeBetween = (mean: number, random: () => number): number =>
  -mean * Math.log(1 - random())
