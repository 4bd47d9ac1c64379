import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/**
 * Locks the account's row until the end of the transaction, without changing it.
 *
 * Every transaction about one account locks in this order: the account, its link tokens, its
 * sessions in the order of their ids, and at the end, with its events, the lanes of webhook
 * deliveries in the order of the endpoints. So no two of them wait for each other, and the events
 * of an account are queued in the order in which they happened.
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
