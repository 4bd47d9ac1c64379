import {
  type ChainFault,
  faultOfOutside,
  faultOfUndeleted
} from '@gatehouse/audit-chain/chain-fault'
import type { ChainPlace, ChainRecord } from '@gatehouse/audit-chain/chain-record'
import { faultOfDeletion, type StatedDue } from '@gatehouse/audit-chain/due-records'
import type { SignedHead } from '@gatehouse/audit-chain/signed-head'
import { type HeadKey, statedDue, verifyHeads } from '@gatehouse/audit-chain/verify-heads'
import { recordVerifier } from '@gatehouse/audit-chain/verify-records'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { newestHeads, readHeads, readRecords } from './chain-rows.ts'
import { headsAround } from './span-heads.ts'

/** A part of the log: what comes after these places. */
export type Span = {
  /** the number of the record before the first one */
  readonly after: number
  /** the number of the head before the first one */
  readonly afterHead: number
  /** how many records, and a fifth as many heads, because a signature takes longer */
  readonly limit: number
}

/** A part of something that is numbered. null: nothing is left. */
type Part = { readonly first: number | null; readonly last: number | null }

export type SpanVerdict = {
  readonly records: Part
  readonly heads: Part
  /** whether this is the end of the log */
  readonly isEnd: boolean
  readonly faultCount: number
  /** the first ones */
  readonly faults: readonly ChainFault[]
}

type SpanState = {
  readonly anchor: ChainPlace
  readonly last: ChainPlace
  readonly keptSinceMs: number
  readonly keys: readonly HeadKey[]
  readonly outside: number
  readonly undeleted: number
}

/**
 * Verifies a part of the audit log, so that no request takes long: the digests of its records, and
 * the signatures of its heads. The whole log is verified by spans that follow each other. What only
 * the end of the log can show is a fault of the last span.
 */
export async function verifySpan(
  db: Kysely<Tables>,
  readState: () => Promise<SpanState>,
  { after, afterHead, limit }: Span,
  nowMs: number
): Promise<SpanVerdict> {
  // First, so that no head is newer than the end of the chain.
  const heads = await readHeadPart(db, afterHead, Math.ceil(limit / 5))
  const state = await readState()
  const records = await readRecordPart(db, state, after, limit)
  const isEnd = heads.isEnd && records.isEnd
  // Last: records are deleted after the head that states that they are due.
  const due = await statedDue((await newestHeads(db, { limit: 1 }))[0], state.keys)
  const found = [
    await verifyRecordPart(db, records, isEnd ? state.last.seq : null, nowMs),
    await verifyHeadPart(heads, { ...state, due }, isEnd)
  ]
  const ofLog = [
    ...faultOfOutside(state.outside),
    ...faultOfUndeleted(state.undeleted),
    ...faultOfDeletion(due, state.anchor)
  ]
  const outside = isEnd ? ofLog : []
  return {
    records: partOf(records.records.map(({ seq }) => seq)),
    heads: partOf(heads.heads.map(({ number }) => number)),
    isEnd,
    faultCount: found.reduce((sum, { count }) => sum + count, outside.length),
    faults: [...outside, ...found.flatMap(({ faults }) => faults)]
  }
}

const partOf = (numbers: readonly number[]): Part => ({
  first: numbers[0] ?? null,
  last: numbers.at(-1) ?? null
})

type Found = { readonly count: number; readonly faults: readonly ChainFault[] }

type RecordPart = {
  /** the place before the first of them */
  readonly from: ChainPlace
  readonly records: readonly ChainRecord[]
  readonly isEnd: boolean
}

async function readRecordPart(
  db: Kysely<Tables>,
  { anchor, last }: SpanState,
  after: number,
  limit: number
): Promise<RecordPart> {
  const from = after > anchor.seq ? await placeOf(db, after) : anchor
  const read = await readRecords(db, from.seq, limit)
  // Events that were chained after the state was read are part of the next verification.
  const records = read.filter(({ seq }) => seq <= last.seq)
  const end = records.at(-1)?.seq ?? from.seq
  return { from, records, isEnd: read.length < limit || end >= last.seq }
}

async function placeOf(db: Kysely<Tables>, seq: number): Promise<ChainPlace> {
  const [record] = await readRecords(db, seq - 1, 1)
  return { seq, digest: record?.seq === seq ? record.digest : '' }
}

/** @param last the number of the last record; null: later spans verify it */
async function verifyRecordPart(
  db: Kysely<Tables>,
  { from, records }: RecordPart,
  last: number | null,
  nowMs: number
): Promise<Found> {
  const end = records.at(-1)?.seq ?? from.seq
  const verifier = recordVerifier(from, await headsAround(db, from.seq, end), nowMs)
  for (const record of records) verifier.next(record)
  if (last !== null) verifier.end(last)
  const erased = await unexplained(db, records)
  return {
    count: verifier.faults.count() + erased.length,
    faults: [...verifier.faults.described, ...erased]
  }
}

/** Addresses that are not there, although no event says that their users were deleted. */
async function unexplained(
  db: Kysely<Tables>,
  records: readonly ChainRecord[]
): Promise<ChainFault[]> {
  const erased = records.filter(({ addressSalt }) => addressSalt === null)
  const users = [...new Set(erased.map(({ user }) => user ?? ''))]
  if (users.length === 0) return []
  const rows = await db
    .selectFrom('audit_events')
    .select('subject')
    .where('kind', '=', 'user-deleted')
    .where('subject', 'in', users)
    .execute()
  const deleted = new Set(rows.map(({ subject }) => subject))
  return users
    .filter((user) => !deleted.has(user))
    .map((user) => {
      const seq = erased.find((record) => (record.user ?? '') === user)?.seq ?? 0
      const detail = `record ${seq} has no address, but no record says that user ${user} was deleted`
      return { fault: 'address-removed', seq, detail }
    })
}

type HeadPart = {
  readonly heads: readonly SignedHead[]
  /**
   * the head before the first of them; null: it does not exist, or was deleted because of its age
   */
  readonly before: SignedHead | null
  readonly isEnd: boolean
}

async function readHeadPart(db: Kysely<Tables>, after: number, limit: number): Promise<HeadPart> {
  const [first, ...rest] = await readHeads(db, Math.max(0, after - 1), limit + 1)
  const isBefore = first !== undefined && first.number === after
  const heads = isBefore ? rest : first === undefined ? [] : [first, ...rest].slice(0, limit)
  return { heads, before: isBefore ? first : null, isEnd: heads.length < limit }
}

async function verifyHeadPart(
  { heads, before }: HeadPart,
  { anchor, last, keptSinceMs, keys, due }: SpanState & { readonly due: StatedDue | null },
  hasNewest: boolean
): Promise<Found> {
  const options = { heads, before, hasNewest, keys, anchor, last: last.seq, due, keptSinceMs }
  const faults = await verifyHeads(options)
  return { count: faults.count(), faults: faults.described }
}
