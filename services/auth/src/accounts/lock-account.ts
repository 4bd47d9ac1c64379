import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/**
 * Locks the account's row until the end of the transaction, without changing it.
 * @returns whether there is such an account
 */
export async function lockAccount(transaction: Kysely<Tables>, id: string): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('accounts')
    .set(({ ref }) => ({ created_at: ref('created_at') }))
    .where('id', '=', id)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
