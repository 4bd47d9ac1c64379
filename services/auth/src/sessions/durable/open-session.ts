import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { toAccount } from '../../accounts/account-row.ts'
import { cancelDeletion } from '../../accounts/changes/cancel-deletion.ts'
import type { RequestSource } from '../../audit/audit-event.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import type { Tables } from '../../database/tables.ts'
import { amrText, BY_PASSWORD } from '../authentication.ts'
import type { Opened } from '../families/family.ts'
import { toRow } from './durable-session.ts'

/**
 * What else a login does, in its transaction. Whatever it throws undoes the login.
 * @param before the account, before the login kept it from being deleted
 */
export type WithLogin = (
  transaction: Kysely<Tables>,
  nowMs: number,
  before: Account
) => Promise<void>

/** How a user has signed in, and what else the login does. */
export type LoginDetails = {
  /** as `Authentication` has it */
  readonly amr: readonly string[]
  /** when its user proved who they are, in seconds since 1970; absent: now */
  readonly authenticatedAt?: number | undefined
  /** in this order */
  readonly within?: readonly WithLogin[]
}

/**
 * Opens a session, and keeps its account if that was to be deleted, in one transaction.
 * @returns the current account; null if it is disabled or has another password or other second
 * factors than those that were checked
 */
export type OpenSession = (
  account: Account,
  sid: string,
  opened: Opened,
  source: RequestSource,
  details: LoginDetails
) => Promise<Account | null>

export const openSession =
  (db: Kysely<Tables>, clock: () => number): OpenSession =>
  ({ id, passwordVersion, factorVersion }, sid, opened, source, details) =>
    db.transaction().execute(async (transaction) => {
      const { amr, authenticatedAt = null, within = [] } = details
      // An update locks the row, so a concurrent change of the password or the factors waits for
      // this transaction, or this one for it.
      const row = await transaction
        .updateTable('accounts')
        .set(({ ref }) => ({ created_at: ref('created_at') }))
        .where('id', '=', id)
        .where('password_version', '=', passwordVersion)
        .where('factor_version', '=', factorVersion)
        .where('disabled_at', 'is', null)
        .returningAll()
        .executeTakeFirst()
      if (row === undefined) return null
      await transaction
        .insertInto('sessions')
        .values({
          ...toRow(id, sid, opened, opened.openedAt, amr),
          authenticated_at: authenticatedAt
        })
        .execute()
      const nowMs = clock()
      // Without the member, it was the password alone: events of earlier versions have none.
      const methods = amrText(amr)
      const detail = methods === amrText(BY_PASSWORD) ? {} : { amr: methods }
      await writeAudit(transaction, { kind: 'login', subject: id, sid, source, detail }, nowMs)
      for (const step of within) await step(transaction, nowMs, toAccount(row))
      if (row.delete_after !== null) {
        await cancelDeletion(transaction, { subject: id, sid, source }, nowMs)
      }
      return toAccount({ ...row, delete_after: null })
    })
