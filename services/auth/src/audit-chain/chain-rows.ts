import type { ChainContent, ChainPlace, ChainRecord } from '@gatehouse/audit-chain/chain-record'
import type { SignedHead } from '@gatehouse/audit-chain/signed-head'
import type { Kysely, Selectable, Transaction } from 'kysely'
import type { AuditEventTable } from '../audit/audit-event-table.ts'
import { storedDetail, storedInstant } from '../audit/stored-event.ts'
import type { Tables } from '../database/tables.ts'
import type { AuditChainTable, AuditHeadTable } from './chain-tables.ts'

type EventRow = Selectable<AuditEventTable>

/**
 * Locks the chain until the end of the transaction, and reads it.
 * @throws if somebody has deleted it: nothing shows where the chain continues
 */
export const lockChain = (transaction: Transaction<Tables>): Promise<AuditChainTable> =>
  transaction
    .updateTable('audit_chain')
    .set(({ ref }) => ({ seq: ref('seq') }))
    .returningAll()
    .executeTakeFirstOrThrow(() => new Error('the table audit_chain has no row'))

/** A chain whose row was deleted has no records, so that verification reports all of them. */
const NO_CHAIN: AuditChainTable = {
  one: 1,
  seq: 0,
  digest: '',
  anchor_seq: 0,
  anchor_digest: '',
  signing_until_ms: 0
}

export const readChain = async (db: Kysely<Tables>): Promise<AuditChainTable> =>
  (await db.selectFrom('audit_chain').selectAll().executeTakeFirst()) ?? NO_CHAIN

export const anchorOf = (chain: AuditChainTable): ChainPlace => ({
  seq: chain.anchor_seq,
  digest: chain.anchor_digest
})

/**
 * The chained events after a number, in order. There can be more than the limit: a person who can
 * write the database can give two events one number, and the next page begins after it.
 */
export async function readRecords(
  db: Kysely<Tables>,
  after: number,
  limit: number
): Promise<ChainRecord[]> {
  const query = db
    .selectFrom('audit_events')
    .selectAll()
    .where('seq', '<=', Number.MAX_SAFE_INTEGER)
  const rows = await query.where('seq', '>', after).orderBy('seq').limit(limit).execute()
  const last = rows.at(-1)?.seq
  if (rows.length < limit || last === undefined) return rows.map(recordOf)
  const ofLast = await query.where('seq', '=', last).limit(MOST_TWINS).execute()
  return [...rows.filter(({ seq }) => seq !== last), ...ofLast].map(recordOf)
}

/** How many events with one number are shown: two are a fault. */
const MOST_TWINS = 10

/**
 * How many events and heads have a number that the chain does not have, so that none shows them.
 */
export async function countOutside(db: Kysely<Tables>): Promise<number> {
  // One statement, because events are chained and deleted meanwhile.
  const counts = await db
    .selectFrom('audit_chain')
    .select(({ selectFrom, fn }) => [
      selectFrom('audit_events')
        .select(fn.countAll<number>().as('count'))
        .whereRef('audit_events.seq', '<=', 'audit_chain.anchor_seq')
        .as('before'),
      selectFrom('audit_events')
        .select(fn.countAll<number>().as('count'))
        .whereRef('audit_events.seq', '>', 'audit_chain.seq')
        .as('after'),
      selectFrom('audit_heads')
        .select(fn.countAll<number>().as('count'))
        .where((eb) => eb.not(eb.between('number', 1, Number.MAX_SAFE_INTEGER)))
        .as('heads')
    ])
    .executeTakeFirst()
  if (counts === undefined) return await countNumbered(db)
  return Number(counts.before) + Number(counts.after) + Number(counts.heads)
}

async function countNumbered(db: Kysely<Tables>): Promise<number> {
  const { count } = await db
    .selectFrom('audit_events')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('seq', 'is not', null)
    .executeTakeFirstOrThrow()
  return Number(count)
}

function recordOf(row: EventRow): ChainRecord {
  return {
    seq: row.seq ?? 0,
    digest: row.digest ?? '',
    ...contentOf(row),
    address: row.address,
    addressSalt: row.address_salt,
    addressDigest: row.address_digest ?? ''
  }
}

export const contentOf = (row: EventRow): ChainContent => ({
  at: storedInstant(row.at_ms),
  kind: row.kind,
  user: row.subject,
  session: row.sid,
  requestId: row.request_id,
  operator: row.operator,
  detail: storedDetail(row.detail)
})

/** The heads after a number, in order. */
export async function readHeads(
  db: Kysely<Tables>,
  after: number,
  limit: number
): Promise<SignedHead[]> {
  const rows = await db
    .selectFrom('audit_heads')
    .selectAll()
    .where('number', '>', after)
    .where('number', '<=', Number.MAX_SAFE_INTEGER)
    .orderBy('number')
    .limit(limit)
    .execute()
  return rows.map(headOf)
}

/** The newest heads, the newest first; `upTo`: those with at most this number. */
export async function newestHeads(
  db: Kysely<Tables>,
  { limit, upTo = Number.MAX_SAFE_INTEGER }: { readonly limit: number; readonly upTo?: number }
): Promise<SignedHead[]> {
  const rows = await db
    .selectFrom('audit_heads')
    .selectAll()
    .where('number', '<=', upTo)
    .orderBy('number', 'desc')
    .limit(limit)
    .execute()
  return rows.map(headOf)
}

export const headOf = (row: AuditHeadTable): SignedHead => ({
  number: row.number,
  seq: row.seq,
  digest: row.digest,
  at: storedInstant(row.at_ms),
  intact: row.intact === 1,
  issuer: row.issuer,
  previous: row.previous,
  kid: row.kid,
  jws: row.jws
})
