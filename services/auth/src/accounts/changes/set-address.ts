import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import { isReserved, spendUndos } from '../../link-tokens/undo-links.ts'
import type { Account } from '../account.ts'
import { emailTaken } from '../account-refusals.ts'
import { toAccount } from '../account-row.ts'
import type { Change } from './change.ts'
import { replaceRights } from './replace-rights.ts'

/** The address of an account: as `canonicalEmail` returns it, and as it was typed. */
export type AddressOf = Pick<Account, 'email' | 'emailTyped'>

/**
 * An operator vouches for the address, so no link of an earlier address takes the account back: one
 * of them may be that of a thief.
 */
export async function setAddress(
  transaction: Kysely<Tables>,
  id: string,
  { email, emailTyped }: AddressOf,
  change: Change
): Promise<Account | null> {
  const nowMs = change.clock()
  const before = await accountIn(transaction, id)
  const isSame = before?.email === email && before.emailTyped === emailTyped
  if (!isSame || before.emailVerifiedAt === null) {
    const email_verified_at = Math.floor(nowMs / 1000)
    const rights = { email, email_typed: emailTyped, email_verified_at }
    if (!(await replaceRights(transaction, id, rights, 'email-changed', change))) return null
    // Checked after the update, which may have waited for an account that gives up the address.
    if (await isReserved(transaction, { email, owner: id }, nowMs)) throw emailTaken()
  }
  await spendUndos(transaction, { subject: id, undo: null }, nowMs)
  return await accountIn(transaction, id)
}

async function accountIn(transaction: Kysely<Tables>, id: string): Promise<Account | null> {
  const row = await transaction
    .selectFrom('accounts')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? null : toAccount(row)
}
