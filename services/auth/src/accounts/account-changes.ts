import type { Kysely } from 'kysely'
import type { AuditKind } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import { isUniqueViolation } from '../database/unique-violation.ts'
import { emailTaken } from '../refusals.ts'
import { noteStale, otherRights } from '../revocations/stale-tokens.ts'
import { endSessions } from '../sessions/end-sessions.ts'
import type { Change } from './change.ts'
import { eraseAccount } from './erase-account.ts'

/**
 * What operators change about an account. Each change, its audit event and its effect on sessions and tokens are one transaction.
 * The caller then tells the session store and the gateways; if it stops before that, another instance tells them.
 */
export type AccountChanges = {
  /** Replaces the scope; the next access token has it, and earlier ones are stale. */
  setScope(id: string, scope: readonly string[], change: Change): Promise<void>
  /**
   * Replaces the e-mail address, which is in access tokens too. Sessions continue.
   * @param email as `canonicalEmail` returns it
   * @throws Refusal CONFLICT if another account has it
   */
  setEmail(id: string, email: string, change: Change): Promise<void>
  /**
   * Sets a password without the previous one, and ends every session.
   * @returns the sessions that had not ended: the session store is to be told of them. Null if there is no such account
   */
  setPassword(
    id: string,
    passwordHash: string,
    change: Omit<Change, 'stale'>
  ): Promise<string[] | null>
  /**
   * Deletes the account and the personal data that is stored with it, and ends every session.
   * @returns as `setPassword`
   */
  erase(id: string, change: Change): Promise<string[] | null>
}

export function accountChanges(db: Kysely<Tables>): AccountChanges {
  const setRights = (
    id: string,
    rights: { readonly scope: string } | { readonly email: string },
    kind: AuditKind,
    { stale, origin, nowMs }: Change
  ): Promise<void> =>
    db.transaction().execute(async (transaction) => {
      const row = await transaction
        .updateTable('accounts')
        .set({ ...rights, ...otherRights(stale) })
        .where('id', '=', id)
        .returning('rights_version')
        .executeTakeFirst()
      if (row === undefined) return
      await noteStale(transaction, id, stale, row.rights_version)
      await writeAudit(transaction, { kind, subject: id, sid: null, origin }, nowMs)
    })

  return {
    setScope: (id, scope, change) =>
      setRights(id, { scope: scope.join(' ') }, 'scope-changed', change),
    async setEmail(id, email, change) {
      try {
        await setRights(id, { email }, 'email-changed', change)
      } catch (error) {
        throw isUniqueViolation(error) ? emailTaken() : error
      }
    },
    setPassword: (id, passwordHash, { origin, nowMs }) =>
      db.transaction().execute(async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('accounts')
          .set(({ eb }) => ({
            password_hash: passwordHash,
            password_version: eb('password_version', '+', 1),
            password_changed_at_ms: null,
            password_changed_by: null
          }))
          .where('id', '=', id)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return null
        const ended = await endSessions(transaction, id, null, nowMs)
        const detail = { ended: ended.length }
        const event = { kind: 'password-set', subject: id, sid: null, origin, detail } as const
        await writeAudit(transaction, event, nowMs)
        return ended
      }),
    erase: (id, change) =>
      db.transaction().execute((transaction) => eraseAccount(transaction, id, change))
  }
}
