import { type ChainFaults, chainFaults } from './chain-fault.ts'
import { addressDigest, type ChainPlace, type ChainRecord, recordDigest } from './chain-record.ts'
import { missingHeads } from './missing-heads.ts'
import type { ChainHead } from './signed-head.ts'
import { wrongTimes } from './wrong-times.ts'

export type RecordVerifier = {
  /** Reads the next record, in the order of the numbers. */
  next(record: ChainRecord): void
  /** Ends the verification: `last` is the number of the record that the chain has last. */
  end(last: number): void
  /** Notes each address that is not there although no record says that its user was deleted. */
  endAddresses(): void
  readonly faults: ChainFaults
  /** the last record that was read */
  place(): ChainPlace
}

const ACCOUNT_DELETED = 'user-deleted'

/**
 * Verifies records: their numbers, their digests, and whether they are those of the signed heads.
 * @param from the place before the first record: the start, the place up to which records were
 * deleted, or a head
 * @param heads those that the records must agree with, the oldest first
 * @param nowMs for a log that an auth service signs; null: for an export
 * @param latestMs no record can have been written later; null: not known
 */
export function recordVerifier(
  from: ChainPlace,
  heads: readonly Pick<ChainHead, 'seq' | 'digest' | 'number' | 'at'>[] = [],
  nowMs: number | null = null,
  latestMs: number | null = nowMs
): RecordVerifier {
  const faults = chainFaults()
  const noteMissingHead = missingHeads(heads, faults, nowMs)
  const noteWrongTime = wrongTimes(heads, faults, latestMs)
  const bySeq = Map.groupBy(heads, ({ seq }) => seq)
  const erased = new Map<string, number>()
  const deleted = new Set<string>()
  let place = from

  const compareHeads = ({ seq, digest }: ChainPlace): void => {
    for (const head of bySeq.get(seq) ?? []) {
      if (head.digest === digest) continue
      const detail = `record ${seq} is not the one that head ${head.number} was signed for: it, or records before it, were rewritten`
      faults.add({ fault: 'rewritten', seq, detail })
    }
  }
  const noteAddress = (record: ChainRecord): void => {
    if (record.kind === ACCOUNT_DELETED && record.user !== null) deleted.add(record.user)
    if (record.addressSalt !== null) return
    const user = record.user ?? ''
    if (!erased.has(user)) erased.set(user, record.seq)
  }

  return {
    faults,
    place: () => place,
    next(record) {
      const { seq, digest } = record
      if (seq <= place.seq) {
        const detail = `record ${seq} exists more than once`
        faults.add({ fault: 'altered', seq, detail })
        return
      }
      const missing = seq - place.seq - 1
      if (missing > 0) {
        const detail = `${range(place.seq + 1, seq - 1)} missing`
        faults.add({ fault: 'missing', seq: place.seq + 1, detail })
      } else if (recordDigest(place.digest, record) !== digest) {
        const detail = `record ${seq} does not have the content of its digest, or does not follow record ${place.seq}`
        faults.add({ fault: 'altered', seq, detail })
      }
      noteFaultOfAddress(record, faults)
      noteAddress(record)
      compareHeads(record)
      noteMissingHead(record)
      noteWrongTime(record)
      place = { seq, digest }
    },
    end(last) {
      if (last > place.seq) {
        const detail = `${range(place.seq + 1, last)} missing at the end`
        faults.add({ fault: 'missing-tail', seq: place.seq + 1, detail })
      }
    },
    endAddresses() {
      for (const [user, seq] of erased) {
        if (deleted.has(user)) continue
        const detail = `record ${seq} has no address, but no record says that user ${user} was deleted`
        faults.add({ fault: 'address-removed', seq, detail })
      }
    }
  }
}

function noteFaultOfAddress(record: ChainRecord, faults: ChainFaults): void {
  const { seq, address, addressSalt: salt } = record
  const isRight =
    salt === null ? address === '' : addressDigest(salt, address) === record.addressDigest
  if (isRight) return
  faults.add({ fault: 'altered', seq, detail: `the address of record ${seq} was altered` })
}

const range = (first: number, last: number): string =>
  first === last ? `record ${first} is` : `records ${first} to ${last} are`
