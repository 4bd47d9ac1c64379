import type { ChainFaults } from './chain-fault.ts'
import type { ChainRecord } from './chain-record.ts'
import type { ChainHead } from './signed-head.ts'
import { MOST_SKEW_MS } from './tolerances.ts'

/**
 * Finds records that are older than their place: a record after a head was chained when the head had
 * been signed already. A person who can write the database can give an event any time before it is
 * chained.
 * @param heads the oldest first
 * @returns a function that takes each record, in order
 */
export function datedBack(
  heads: readonly Pick<ChainHead, 'seq' | 'number' | 'at'>[],
  faults: ChainFaults
): (record: Pick<ChainRecord, 'seq' | 'at'>) => void {
  const signedMs = latestTimes(heads)
  let next = 0
  return ({ seq, at }) => {
    while ((heads[next]?.seq ?? seq) < seq) next += 1
    const before = heads[next - 1]
    const sinceMs = signedMs[next - 1]
    if (before === undefined || sinceMs === undefined) return
    if (!(Date.parse(at) < sinceMs - MOST_SKEW_MS)) return
    const detail = `record ${seq} says that it was written at ${at}, but head ${before.number} was signed before it, at ${before.at}`
    faults.add({ fault: 'dated-back', seq, detail })
  }
}

/**
 * The latest time at which each head can have been signed: a later one that says an earlier time was
 * signed after the clock had been ahead.
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
