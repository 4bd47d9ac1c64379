import type { ChainFault } from '@gatehouse/audit-chain/chain-fault'
import {
  type ChainPlace,
  type ChainRecord,
  recordDigest
} from '@gatehouse/audit-chain/chain-record'
import { headDigest, type SignedHead } from '@gatehouse/audit-chain/signed-head'
import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import { headOf, readChain, readHeads, readRecords } from '../chain-rows.ts'

const PAGE = 500

type DueOptions = {
  readonly db: Kysely<Tables>
  /** the place up to which records are due, or were deleted, already */
  readonly from: ChainPlace
  /** the number of the last record that can become due */
  readonly upTo: number
  /** records that were written earlier are due; milliseconds since 1970 */
  readonly beforeMs: number
  /** a version without a chain may have deleted the first records, after they were chained */
  readonly mayHaveGap: boolean
  /** the newest head, if it is genuine */
  readonly newest: SignedHead | null
  /** is called after each page of records */
  readonly onPage: () => Promise<void>
}

/**
 * Finds the records at the beginning of the chain that are due for deletion. A record must have the
 * content of its digest: the time of a record that somebody has altered says nothing. Such a
 * record, and one that a clock dated too late, is due when a head that covers it is old.
 */
export async function nextDue(
  options: DueOptions
): Promise<{ readonly place: ChainPlace; readonly faults: readonly ChainFault[] }> {
  const { db, from, upTo, beforeMs, mayHaveGap, onPage } = options
  const faults: ChainFault[] = []
  let provenOld: number | null = null
  let place = from
  for (;;) {
    const page = await readRecords(db, place.seq, PAGE)
    const records = page.filter(({ seq }) => seq <= upTo)
    const rewritten = await otherThanSigned(db, records)
    for (const record of records) {
      const isGap = mayHaveGap && place === from && record.seq > place.seq + 1
      const fits = (isGap || isNext(record, place)) && !rewritten.has(record.seq)
      const isOld = fits && Date.parse(record.at) < beforeMs
      if (!fits && faults.length === 0) {
        // An instance of an earlier version may delete records meanwhile.
        if ((await readChain(db)).anchor_seq > place.seq) return { place, faults }
        faults.push(faultOf(record, place))
      }
      if (!isOld) {
        // Once: a clock that was ahead may have dated thousands of records.
        provenOld ??= await lastProvenOld(options)
        if (record.seq > provenOld) return { place, faults }
      }
      place = { seq: record.seq, digest: record.digest }
    }
    if (records.length < PAGE) return { place, faults }
    await onPage()
  }
}

const isNext = (record: ChainRecord, place: ChainPlace): boolean =>
  record.seq === place.seq + 1 && recordDigest(place.digest, record) === record.digest

const faultOf = ({ seq }: ChainRecord, place: ChainPlace): ChainFault => ({
  fault: 'altered',
  seq,
  detail: `record ${seq} is not the one that was chained after record ${place.seq}, so its time does not show that it is due for deletion`
})

/** The numbers of records that differ from the records for which heads were signed. */
async function otherThanSigned(
  db: Kysely<Tables>,
  records: readonly ChainRecord[]
): Promise<ReadonlySet<number>> {
  const [first, last] = [records[0], records.at(-1)]
  if (first === undefined || last === undefined) return new Set()
  const heads = await db
    .selectFrom('audit_heads')
    .select(['seq', 'digest'])
    .distinct()
    .where('seq', '>=', first.seq)
    .where('seq', '<=', last.seq)
    .execute()
  const digests = new Map(records.map(({ seq, digest }) => [seq, digest]))
  return new Set(
    heads.filter((head) => digests.get(head.seq) !== head.digest).map(({ seq }) => seq)
  )
}

/** The last record that an old head covers from which the newest one follows; 0: there is none. */
async function lastProvenOld({ db, beforeMs, newest }: DueOptions): Promise<number> {
  const row = await db
    .selectFrom('audit_heads')
    .selectAll()
    .where('at_ms', '<', beforeMs)
    .where('number', '<=', newest?.number ?? 0)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (newest === null || row === undefined) return 0
  let head = headOf(row)
  while (head.number < newest.number) {
    const later = await readHeads(db, head.number, PAGE)
    if (later.length === 0) return 0
    for (const next of later) {
      if (next.previous !== headDigest(head)) return 0
      head = next
      if (head.number === newest.number) break
    }
  }
  return headDigest(head) === headDigest(newest) ? row.seq : 0
}
