import type { ChainPlace, ChainRecord } from '@gatehouse/audit-chain/chain-record'
import type { SignedHead } from '@gatehouse/audit-chain/signed-head'
import type { HeadKey } from '@gatehouse/audit-chain/verify-heads'
import type { OpsClient } from '../../client/ops-client.ts'
import { Refused } from '../../failures.ts'

/** What is known of the chain, apart from its heads and records. */
export type ChainState = {
  /** the place before the first record */
  readonly anchor: ChainPlace
  readonly last: ChainPlace
  /** ISO 8601; null: nothing is deleted */
  readonly keptSince: string | null
  readonly keys: readonly HeadKey[]
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
  const state = await ops.call<ChainState>('GET', '/ops/audit/chain')
  const anchor = after > state.anchor.seq ? await placeOf(ops, after) : state.anchor
  const heads = after === 0 ? all : all.filter(({ seq }) => seq >= after)
  return { state: { ...state, anchor }, heads, records: recordsOf(ops, anchor.seq, state.last.seq) }
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

async function* recordsOf(ops: OpsClient, after: number, last: number) {
  for (let place = after; place < last; ) {
    const records = await recordsAfter(ops, place, PAGE)
    for (const record of records) if (record.seq <= last) yield record
    const next = records.at(-1)?.seq
    if (next === undefined) return
    place = next
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
