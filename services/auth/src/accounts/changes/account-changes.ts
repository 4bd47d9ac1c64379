import type { Kysely, Transaction } from 'kysely'
import type { AuditKind, By } from '../../audit/audit-event.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import { endSessions } from '../../database/end-sessions.ts'
import { storedList } from '../../database/statements/stored-list.ts'
import { isUniqueViolation } from '../../database/statements/unique-violation.ts'
import type { Tables } from '../../database/tables.ts'
import { noteStale, otherRights } from '../../revocations/stale-tokens.ts'
import type { Account } from '../account.ts'
import type { AccountClaims } from '../account-claims.ts'
import { emailTaken } from '../account-refusals.ts'
import type { PasswordChange } from '../account-store.ts'
import { lockAccount } from '../lock-account.ts'
import { otherPassword } from '../passwords/other-password.ts'
import { cancelDeletion } from './cancel-deletion.ts'
import type { Change } from './change.ts'
import { eraseAccount } from './erase-account.ts'
import { eraseTraces } from './erase-traces.ts'
import { type Rights, replaceRights } from './replace-rights.ts'
import { type AddressOf, setAddress } from './set-address.ts'

/** A change of which the account is notified, in its transaction. */
type Notified = Pick<PasswordChange, 'source' | 'clock' | 'notify'>

/**
 * What operators change about an account. Each change, its audit event and its effect on sessions
 * and tokens are one transaction. The caller then publishes the effect to the session store and the
 * gateways; if it stops before that, another instance does so.
 */
export type AccountChanges = {
  /**
   * Replaces the roles; the next access token has them, and earlier ones are stale. False if there
   * is no such account.
   */
  setRoles(id: string, roles: readonly string[], change: Change): Promise<boolean>
  /** The same for the scope. */
  setScope(id: string, scope: readonly string[], change: Change): Promise<boolean>
  /** The same for the claims. */
  setClaims(id: string, claims: AccountClaims, change: Change): Promise<boolean>
  /**
   * Replaces the e-mail address, which is in access tokens too, and notes that it is verified.
   * Sessions continue. Links that undo earlier changes no longer work.
   * @returns the account as it is now; null if there is none
   * @throws Refusal CONFLICT if another account has the address, or may take it back
   */
  setEmail(id: string, address: AddressOf, change: Change): Promise<Account | null>
  /**
   * Sets a password without the previous one, and ends every session.
   * @returns the sessions that had not ended, for the session store; null: there is no such account
   */
  setPassword(id: string, passwordHash: string, change: Notified): Promise<string[] | null>
  /**
   * Disables the account, and ends every session.
   * @returns the sessions that had not ended; none if it was disabled before
   */
  disable(id: string, change: Change): Promise<string[]>
  /**
   * Allows a disabled account to sign in again, and keeps it if it was to be deleted: the time may
   * have passed meanwhile. Returns whether that changed anything.
   */
  enable(id: string, change: By): Promise<boolean>
  /**
   * Deletes the account and the personal data that is stored with it, and ends every session.
   * @returns as `setPassword`
   */
  erase(id: string, change: Change): Promise<string[] | null>
}

export function accountChanges(db: Kysely<Tables>): AccountChanges {
  const setRights = (id: string, rights: Rights, kind: AuditKind, change: Change) =>
    db.transaction().execute((transaction) => replaceRights(transaction, id, rights, kind, change))
  return {
    setRoles: (id, roles, change) =>
      setRights(id, { roles: JSON.stringify(roles) }, 'roles-changed', change),
    setScope: (id, scope, change) =>
      setRights(id, { scope: storedList(scope) }, 'scope-changed', change),
    setClaims: (id, claims, change) =>
      setRights(id, { claims: JSON.stringify(claims) }, 'claims-changed', change),
    async setEmail(id, address, change) {
      try {
        return await db
          .transaction()
          .execute((transaction) => setAddress(transaction, id, address, change))
      } catch (error) {
        throw isUniqueViolation(error) ? emailTaken() : error
      }
    },
    setPassword: (id, passwordHash, change) =>
      db.transaction().execute((transaction) => setPassword(transaction, id, passwordHash, change)),
    disable: (id, change) =>
      db.transaction().execute((transaction) => disableAccount(transaction, id, change)),
    enable: (id, change) =>
      db.transaction().execute((transaction) => enableAccount(transaction, id, change)),
    async erase(id, change) {
      const ended = await db
        .transaction()
        .execute((transaction) => eraseAccount(transaction, id, change))
      // The account is deleted. If this fails, the background work tries again, and the log says
      // why.
      if (ended !== null) await eraseTraces(db).catch(() => {})
      return ended
    }
  }
}

async function setPassword(
  transaction: Transaction<Tables>,
  id: string,
  passwordHash: string,
  { source, clock, notify }: Notified
): Promise<string[] | null> {
  const { numUpdatedRows } = await transaction
    .updateTable('accounts')
    .set(otherPassword(passwordHash))
    .where('id', '=', id)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return null
  const nowMs = clock()
  const ended = await endAll(transaction, id, { kind: 'password-set', source, nowMs })
  await notify?.(transaction, nowMs)
  return ended
}

async function disableAccount(
  transaction: Transaction<Tables>,
  id: string,
  { stale, source, clock }: Change
): Promise<string[]> {
  const [made, nowMs] = [stale(), clock()]
  const row = await transaction
    .updateTable('accounts')
    .set({ disabled_at: Math.floor(nowMs / 1000), ...otherRights(made) })
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .returning('rights_version')
    .executeTakeFirst()
  // The account was disabled before, and so has no sessions.
  if (row === undefined) return []
  const ended = await endAll(transaction, id, { kind: 'user-disabled', source, nowMs })
  await noteStale(transaction, id, made, row.rights_version)
  return ended
}

async function enableAccount(
  transaction: Transaction<Tables>,
  id: string,
  { source, clock }: By
): Promise<boolean> {
  await lockAccount(transaction, id)
  const { numUpdatedRows } = await transaction
    .updateTable('accounts')
    .set({ disabled_at: null })
    .where('id', '=', id)
    .where('disabled_at', 'is not', null)
    .executeTakeFirst()
  const wasDisabled = numUpdatedRows > 0n
  const [about, nowMs] = [{ subject: id, sid: null, source }, clock()]
  if (wasDisabled) await writeAudit(transaction, { kind: 'user-enabled', ...about }, nowMs)
  return (await cancelDeletion(transaction, about, nowMs)) || wasDisabled
}

/** Ends every session of an account, and writes the event that says why and how many. */
async function endAll(
  transaction: Transaction<Tables>,
  id: string,
  { kind, source, nowMs }: { kind: AuditKind; source: By['source']; nowMs: number }
): Promise<string[]> {
  const ended = await endSessions(transaction, id, null, nowMs)
  const detail = { ended: ended.length }
  await writeAudit(transaction, { kind, subject: id, sid: null, source, detail }, nowMs)
  return ended
}
