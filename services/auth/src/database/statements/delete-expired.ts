import type { Kysely } from 'kysely'
import type { Tables } from '../tables.ts'
import { ROWS_PER_STATEMENT } from './rows-per-statement.ts'

/** Where each table that has `expires_at` has its key. */
const keys = {
  approvals: 'id',
  sessions: 'sid',
  invitations: 'id',
  login_challenges: 'digest',
  mail_tokens: 'digest',
  provider_logins: 'digest',
  used_passkey_challenges: 'digest',
  operator_links: 'digest',
  operator_sessions: 'digest'
} as const

/** Deletes the rows that expired before this second: the oldest ones, one batch. */
export const deleteExpired = (db: Kysely<Tables>, table: keyof typeof keys, before: number) =>
  db
    .deleteFrom(table)
    .where(keys[table], 'in', (select) =>
      select
        .selectFrom(table)
        .select(keys[table])
        .where('expires_at', '<', before)
        .orderBy('expires_at')
        .limit(ROWS_PER_STATEMENT)
    )

/** The same, if the deleted rows do not matter. Returns whether there may be more. */
export async function forgetExpired(
  db: Kysely<Tables>,
  table: keyof typeof keys,
  before: number
): Promise<boolean> {
  const { numDeletedRows } = await deleteExpired(db, table, before).executeTakeFirstOrThrow()
  return numDeletedRows === BigInt(ROWS_PER_STATEMENT)
}
