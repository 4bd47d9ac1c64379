import type { ChainFaults } from './chain-fault.ts'
import type { ChainRecord } from './chain-record.ts'
import type { ChainHead } from './signed-head.ts'
import { MOST_SKEW_MS } from './tolerances.ts'

/**
 * Finds records whose times cannot be right. A record after a head was chained when the head had
 * been signed already, and a record that a head covers was written before it was signed. A person
 * who can write the database can give an event any time before it is chained.
 * @param heads the oldest first
 * @param nowMs no record can be later; null: for an export, whose last records have no head
 * @returns a function that takes each record, in order
 */
export function wrongTimes(
  heads: readonly Pick<ChainHead, 'seq' | 'number' | 'at'>[],
  faults: ChainFaults,
  nowMs: number | null
): (record: Pick<ChainRecord, 'seq' | 'at'>) => void {
  const earliestMs = latestTimes(heads)
  const latestMs = highestTimes(heads)
  let next = 0
  return ({ seq, at }) => {
    while ((heads[next]?.seq ?? seq) < seq) next += 1
    const writtenMs = Date.parse(at)
    const before = heads[next - 1]
    const sinceMs = earliestMs[next - 1]
    if (before !== undefined && sinceMs !== undefined && writtenMs < sinceMs - MOST_SKEW_MS) {
      const detail = `record ${seq} says that it was written at ${at}, but head ${before.number} was signed before it, at ${before.at}`
      faults.add({ fault: 'dated-back', seq, detail })
    }
    const after = heads[next]
    const untilMs = latestMs[next] ?? Math.max(nowMs ?? Infinity, latestMs.at(-1) ?? 0)
    if (writtenMs > untilMs + MOST_SKEW_MS) {
      const when =
        after === undefined
          ? `it is ${new Date(untilMs).toISOString()} now`
          : `head ${after.number} was signed after it, at ${after.at}`
      const detail = `record ${seq} says that it was written at ${at}, but ${when}`
      faults.add({ fault: 'dated-ahead', seq, detail })
    }
  }
}

/**
 * The latest time at which each head can have been signed: a later one that says an earlier time
 * was signed after the clock had been ahead.
 */
function latestTimes(heads: readonly Pick<ChainHead, 'at'>[]): number[] {
  let latestMs = Number.POSITIVE_INFINITY
  return heads
    .map(({ at }) => Date.parse(at))
    .reverse()
    .map((ms) => {
      if (ms < latestMs) latestMs = ms
      return latestMs
    })
    .reverse()
}

/** The highest time up to each head: the clock may have been ahead when records were written. */
function highestTimes(heads: readonly Pick<ChainHead, 'at'>[]): number[] {
  let highestMs = Number.NEGATIVE_INFINITY
  return heads.map(({ at }) => {
    const ms = Date.parse(at)
    if (ms > highestMs) highestMs = ms
    return highestMs
  })
}
