import type { ChainFaults } from './chain-fault.ts'
import type { ChainRecord } from './chain-record.ts'
import type { ChainHead } from './signed-head.ts'
import { LONGEST_PAUSE_MS } from './tolerances.ts'

/**
 * Finds heads that must have existed: records that were written long after one head and long before
 * the next. A person who removes heads and rewrites the records since must also remove all records
 * of that time, because a later head may be signed for the rewritten ones. The first records may be
 * older than the first head: they were chained later.
 * @param heads the oldest first
 * @param nowMs for a log that an auth service signs: the next head must exist by now; null: unknown
 * @returns a function that takes each record, in order
 */
export function missingHeads(
  heads: readonly Pick<ChainHead, 'seq' | 'number' | 'at'>[],
  faults: ChainFaults,
  nowMs: number | null = null
): (record: Pick<ChainRecord, 'seq' | 'at'>) => void {
  let next = 0
  let told = -1
  return ({ seq, at }) => {
    while ((heads[next]?.seq ?? seq) < seq) next += 1
    const [before, after] = [heads[next - 1], heads[next]]
    const isBeforeFirst = before === undefined && after !== undefined
    const untilMs = after === undefined ? nowMs : Date.parse(after.at)
    if (isBeforeFirst || untilMs === null || told === next) return
    const writtenMs = Date.parse(at)
    const sinceMs = before === undefined ? Number.NEGATIVE_INFINITY : Date.parse(before.at)
    const isBetween =
      writtenMs - sinceMs > LONGEST_PAUSE_MS && untilMs - writtenMs > LONGEST_PAUSE_MS
    if (!isBetween) return
    told = next
    const since =
      before === undefined
        ? 'the beginning'
        : `${before.at}, when head ${before.number} was signed,`
    const until = new Date(untilMs).toISOString()
    const detail = `record ${seq} was written at ${at}, but no head was signed from ${since} to ${until}, although heads are signed hourly`
    faults.add({ fault: 'missing-head', seq, detail })
  }
}
