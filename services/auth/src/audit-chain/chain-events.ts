import {
  addressDigest,
  type ChainPlace,
  newAddressSalt,
  recordDigest
} from '@gatehouse/audit-chain/chain-record'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { AuditEventTable } from '../audit/audit-event-table.ts'
import { isPostgres } from '../database/postgres/is-postgres.ts'
import type { Tables } from '../database/tables.ts'
import { contentOf, lockChain } from './chain-rows.ts'
import { takenNumbers } from './taken-numbers.ts'

/** one transaction; SQLite holds the event loop meanwhile */
const BATCH = 200
/** how many batches follow each other before the next pause */
const BATCHES = 20

/**
 * Chains the events that were committed since, in an order of its own: the writers of events never
 * wait for each other. All instances do this; the lock of the chain orders their batches.
 * @returns whether all of them are chained: after an upgrade, this takes many rounds
 */
export async function chainEvents(db: Kysely<Tables>): Promise<boolean> {
  for (let batch = 0; batch < BATCHES; batch += 1) {
    if ((await oldestUnchained(db)) === null) return true
    const count = await db.transaction().execute(chainSome)
    if (count < BATCH) return true
    await new Promise(setImmediate)
  }
  return false
}

/**
 * When the oldest event without a number happened, in milliseconds since 1970; null: there is none.
 */
export async function oldestUnchained(db: Kysely<Tables>): Promise<number | null> {
  const row = await db
    .selectFrom('audit_events')
    .select('at_ms')
    .where('seq', 'is', null)
    .orderBy('seq')
    .orderBy('at_ms')
    .limit(1)
    .executeTakeFirst()
  return row?.at_ms ?? null
}

async function chainSome(transaction: Transaction<Tables>): Promise<number> {
  const chain = await lockChain(transaction)
  const rows = await unchained(transaction)
  let place: ChainPlace = chain
  const afterTaken = takenNumbers(transaction)
  for (const row of rows) place = await chainOne(transaction, row, await afterTaken(place))
  await transaction
    .updateTable('audit_chain')
    .set({ seq: place.seq, digest: place.digest })
    .execute()
  return rows.length
}

/** A row, and where the database has it: events have no key before they are chained. */
type UnchainedRow = Selectable<AuditEventTable> & { readonly place: string | number }

/** PostgreSQL also locks the rows, because the address of a deleted user may be erased now. */
function unchained(transaction: Transaction<Tables>): Promise<UnchainedRow[]> {
  const query = transaction
    .selectFrom('audit_events')
    .selectAll()
    .select(placeOf(transaction).as('place'))
    .where('seq', 'is', null)
    .orderBy('seq')
    .orderBy('at_ms')
    .limit(BATCH)
  return (isPostgres(transaction) ? query.forUpdate() : query).execute()
}

const placeOf = (on: Kysely<Tables>) =>
  isPostgres(on) ? sql<string>`ctid` : sql<string | number>`rowid`

async function chainOne(
  transaction: Transaction<Tables>,
  row: UnchainedRow,
  before: ChainPlace
): Promise<ChainPlace> {
  const seq = before.seq + 1
  const address_salt = newAddressSalt()
  const address_digest = addressDigest(address_salt, row.address)
  const record = { ...contentOf(row), seq, addressDigest: address_digest }
  const digest = recordDigest(before.digest, record)
  await transaction
    .updateTable('audit_events')
    .set({ seq, digest, address_salt, address_digest })
    .where(placeOf(transaction), '=', row.place)
    .execute()
  return { seq, digest }
}
