import type { ChainFaults } from './chain-fault.ts'
import type { ChainRecord } from './chain-record.ts'
import type { ChainHead } from './signed-head.ts'

/** Heads are signed hourly while an auth service runs. */
const LONGEST_PAUSE_MS = 2 * 3_600_000

/**
 * Finds heads that must have existed: records that were written long after one head and long before
 * the next. A person who removes heads and rewrites the records since must also remove all records
 * of that time, because a later head may be signed for the rewritten ones.
 * @param heads the oldest first
 * @returns a function that takes each record, in order
 */
export function missingHeads(
  heads: readonly Pick<ChainHead, 'seq' | 'number' | 'at'>[],
  faults: ChainFaults
): (record: Pick<ChainRecord, 'seq' | 'at'>) => void {
  let next = 0
  let told = -1
  return ({ seq, at }) => {
    while ((heads[next]?.seq ?? seq) < seq) next += 1
    const [before, after] = [heads[next - 1], heads[next]]
    if (before === undefined || after === undefined || told === next) return
    const writtenMs = Date.parse(at)
    const isBetween =
      writtenMs - Date.parse(before.at) > LONGEST_PAUSE_MS &&
      Date.parse(after.at) - writtenMs > LONGEST_PAUSE_MS
    if (!isBetween) return
    told = next
    const detail = `record ${seq} was written at ${at}, but between ${before.at} (head ${before.number}) and ${after.at} no head was signed, although heads are signed hourly`
    faults.add({ fault: 'missing-head', seq, detail })
  }
}
