import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import type { Account } from '../account.ts'
import { toAccount } from '../account-row.ts'

/** Accounts whose users asked to delete them, those that are deleted next first. */
export async function comingDeletions(
  db: Kysely<Tables>,
  { limit }: { readonly limit: number }
): Promise<Account[]> {
  const rows = await db
    .selectFrom('accounts')
    .selectAll()
    .where('delete_after', 'is not', null)
    .orderBy('delete_after')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(toAccount)
}

/**
 * Accounts that are due. A disabled account stays: an operator may need what is known of it.
 * @param now in seconds
 */
export const dueAccounts = (db: Kysely<Tables>, now: number) =>
  db.selectFrom('accounts').where('delete_after', '<=', now).where('disabled_at', 'is', null)

/**
 * For how many seconds the account that has been due for longest has been due; 0: none is.
 * @param now in seconds
 */
export async function overdueSeconds(db: Kysely<Tables>, now: number): Promise<number> {
  const first = await dueAccounts(db, now)
    .select('delete_after')
    .orderBy('delete_after')
    .limit(1)
    .executeTakeFirst()
  return first === undefined ? 0 : now - Number(first.delete_after)
}
