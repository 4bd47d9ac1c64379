import type { ChainPlace, ChainRecord } from '@gatehouse/audit-chain/chain-record'
import type { SignedHead } from '@gatehouse/audit-chain/signed-head'
import type { HeadKey } from '@gatehouse/audit-chain/verify-heads'
import type { OpsClient } from '../../client/ops-client.ts'
import { Refused } from '../../failures.ts'

/** What is known of the chain, apart from its heads and records. */
export type ChainState = {
  /** the place before the first record */
  readonly anchor: ChainPlace
  /** the last record that was deleted because of its age; absent: that of `anchor` */
  readonly deleted?: ChainPlace
  readonly last: ChainPlace
  /** ISO 8601; null: nothing is deleted */
  readonly keptSince: string | null
  readonly keys: readonly HeadKey[]
  /** how many events have a number that the chain does not have */
  readonly outside: number
  /** how many records report the deletion of a user who still has an account; absent: not known */
  readonly undeleted?: number
}

/** The audit log, at an auth service or in a file. */
export type AuditSource = {
  readonly state: ChainState
  /** all heads for records after the anchor, and those that were kept before it */
  readonly heads: readonly SignedHead[]
  /** the records after the anchor, in order */
  readonly records: AsyncIterable<ChainRecord>
}

const PAGE = 1000

/**
 * Reads the audit log from the auth service.
 * @param after only records with a higher number
 */
export async function auditOfService(ops: OpsClient, after = 0): Promise<AuditSource> {
  // First, so that no head is newer than the last record that is read.
  const all = await headsOf(ops)
  const { state, first } = await startOf(ops, after)
  const heads = after === 0 ? all : all.filter(({ seq }) => seq >= after)
  return { state, heads, records: recordsOf(ops, first, state) }
}

/**
 * The chain and its first records. If the records after the anchor are deleted before they are
 * read, the anchor has moved: that is not a gap.
 */
async function startOf(ops: OpsClient, after: number) {
  let state = await chainOf(ops, after)
  for (;;) {
    const first = await recordsAfter(ops, state.anchor.seq, PAGE)
    if (first[0]?.seq === state.anchor.seq + 1) return { state, first }
    const now = await chainOf(ops, after)
    if (now.anchor.seq === state.anchor.seq) return { state, first }
    state = now
  }
}

async function chainOf(ops: OpsClient, after: number): Promise<ChainState> {
  const state = await ops.call<ChainState>('GET', '/ops/audit/chain')
  if (after <= state.anchor.seq) return state
  return { ...state, anchor: await placeOf(ops, after), deleted: state.anchor }
}

async function placeOf(ops: OpsClient, seq: number): Promise<ChainPlace> {
  const [record] = await recordsAfter(ops, seq - 1, 1)
  if (record?.seq === seq) return { seq, digest: record.digest }
  throw new Refused('NOT_FOUND', `The audit log has no record ${seq}.`)
}

async function recordsAfter(ops: OpsClient, after: number, limit: number): Promise<ChainRecord[]> {
  const path = `/ops/audit/records?after=${after}&limit=${limit}`
  return (await ops.call<{ records: ChainRecord[] }>('GET', path)).records
}

async function* recordsOf(ops: OpsClient, first: ChainRecord[], { last }: ChainState) {
  for (let records = first; ; ) {
    for (const record of records) if (record.seq <= last.seq) yield record
    const place = records.at(-1)?.seq ?? last.seq
    if (place >= last.seq) return
    records = await recordsAfter(ops, place, PAGE)
  }
}

async function headsOf(ops: OpsClient): Promise<SignedHead[]> {
  const all: SignedHead[] = []
  for (;;) {
    const path = `/ops/audit/heads?after=${all.at(-1)?.number ?? 0}&limit=${PAGE}`
    const { heads } = await ops.call<{ heads: SignedHead[] }>('GET', path)
    if (heads.length === 0) return all
    all.push(...heads)
  }
}
