import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/**
 * Deletes deliveries that a transaction queued while an operator removed their endpoint. Returns
 * false: there are no more.
 */
export const forgetOrphans = (db: Kysely<Tables>) => async (): Promise<boolean> => {
  await db
    .deleteFrom('deliveries')
    .where('kind', '=', 'webhook')
    .where('state', '=', 'pending')
    .where('target', 'not in', ({ selectFrom }) => selectFrom('webhooks').select('id'))
    .execute()
  return false
}
