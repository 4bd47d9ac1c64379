import { type Kysely, sql } from 'kysely'
import type { Tables } from '../tables.ts'
import { isPostgres } from './is-postgres.ts'

/**
 * Transactions that lock the same text come one after the other, as on SQLite all transactions do.
 * The lock ends with the transaction.
 */
export async function lockText(transaction: Kysely<Tables>, text: string): Promise<void> {
  if (!isPostgres(transaction)) return
  await sql`select pg_advisory_xact_lock(hashtextextended(${text}, 0))`.execute(transaction)
}
