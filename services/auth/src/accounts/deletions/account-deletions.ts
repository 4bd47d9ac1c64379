import type { Kysely } from 'kysely'
import { writeAudit } from '../../audit/audit-log.ts'
import { endSessions } from '../../database/end-sessions.ts'
import { isOpenSession } from '../../database/is-open-session.ts'
import type { Tables } from '../../database/tables.ts'
import { spendTokens } from '../../link-tokens/link-tokens.ts'
import { lastUndoExpiry } from '../../link-tokens/undo-links.ts'
import type { Mail } from '../../mail/mail.ts'
import { noticeOf } from '../../mail/notices.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import { minuteOf } from '../../mail/templates/template-times.ts'
import { noteStale, otherRights } from '../../revocations/stale-tokens.ts'
import type { Account } from '../account.ts'
import type { Change } from '../changes/change.ts'
import { eraseAccount } from '../changes/erase-account.ts'
import { eraseTraces } from '../changes/erase-traces.ts'
import { lockAccount } from '../lock-account.ts'
import { comingDeletions } from './coming-deletions.ts'

export type RequestedDeletion = {
  /** from when on the account is deleted, in seconds since 1970 */
  readonly deleteAfter: number
  /** whether it is deleted already */
  readonly isErased: boolean
  /** the sessions that it ended: the caller must publish them to the session store */
  readonly ended: readonly string[]
}

/** The session that asks for a deletion, and the language of the letter. */
type Asker = Reader & { readonly sid: string }

/** Users who delete their account. */
export type AccountDeletions = {
  /**
   * Ends every session, and notes when the account is deleted: until then, a login keeps it.
   * Without such a time, deletes it at once. An account whose previous owner of the address can
   * still undo a change is not deleted before that.
   * @returns null if the session has ended, or the account was disabled or deleted
   */
  request(account: Account, asker: Asker): Promise<RequestedDeletion | null>
  /** The accounts that will be deleted, those that are deleted next first. */
  coming(page: { readonly limit: number }): Promise<Account[]>
}

export type DeletionPorts = Pick<Change, 'stale' | 'clock'> & {
  readonly db: Kysely<Tables>
  readonly mail: Pick<Mail, 'add'>
  /** for how long users can change their mind; 0: not at all */
  readonly graceSeconds: number
}

export function accountDeletions(ports: DeletionPorts): AccountDeletions {
  const { db } = ports
  return {
    coming: (page) => comingDeletions(db, page),
    async request(account, asker) {
      const requested = await db
        .transaction()
        .execute((transaction) => requestDeletion(transaction, account, asker, ports))
      // As for `AccountChanges.erase`.
      if (requested?.isErased) await eraseTraces(db).catch(() => {})
      return requested
    }
  }
}

async function requestDeletion(
  transaction: Kysely<Tables>,
  account: Account,
  { sid, source, language }: Asker,
  { mail, graceSeconds, stale, clock }: DeletionPorts
): Promise<RequestedDeletion | null> {
  const { id } = account
  await lockAccount(transaction, id)
  const nowMs = clock()
  if (!(await isOpenSession(transaction, { subject: id, sid }, nowMs))) return null
  const now = Math.floor(nowMs / 1000)
  const deleteAfter = Math.max(now + graceSeconds, await lastUndoExpiry(transaction, id, nowMs))
  if (deleteAfter === now) {
    const ended = await eraseAccount(transaction, id, { stale, source, clock })
    return ended === null ? null : { deleteAfter, isErased: true, ended }
  }
  const made = stale()
  const row = await transaction
    .updateTable('accounts')
    .set({ delete_after: deleteAfter, ...otherRights(made) })
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .returning('rights_version')
    .executeTakeFirst()
  if (row === undefined) return null
  const ended = await endSessions(transaction, id, null, nowMs)
  await spendTokens(transaction, id, nowMs)
  await noteStale(transaction, id, made, row.rights_version)
  const detail = { ended: ended.length }
  const about = { subject: id, sid, source, detail }
  await writeAudit(transaction, { kind: 'deletion-requested', ...about }, nowMs)
  const values = { deletion: minuteOf(deleteAfter * 1000) }
  const notice = noticeOf('deletion-requested', account, { source, language }, nowMs, values)
  await mail.add(transaction, notice, nowMs)
  return { deleteAfter, isErased: false, ended }
}
