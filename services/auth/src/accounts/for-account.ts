import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { lockAccount } from './lock-account.ts'

/**
 * Works for an account that was found before, in one transaction. If the account is erased at this
 * moment, nothing that has its address may be written.
 * @returns whether the account is there
 */
export const forAccount = (
  db: Kysely<Tables>,
  id: string,
  work: (transaction: Kysely<Tables>) => Promise<unknown>
): Promise<boolean> =>
  db.transaction().execute(async (transaction) => {
    const isThere = await lockAccount(transaction, id)
    if (isThere) await work(transaction)
    return isThere
  })
