import type { Kysely } from 'kysely'
import type { AuditKind } from '../../audit/audit-event.ts'
import type { Tables } from '../../database/tables.ts'

/** The events of the changes that use `otherPassword`. */
const changes: AuditKind[] = [
  'password-changed',
  'password-set',
  'password-reset',
  'email-verified',
  'email-change-undone'
]

type Changed = (db: Kysely<Tables>, subject: string, sinceMs: number) => Promise<boolean>

const hasOneOf =
  (kinds: readonly AuditKind[]): Changed =>
  async (db, subject, sinceMs) => {
    const event = await db
      .selectFrom('audit_events')
      .select('kind')
      .where('subject', '=', subject)
      .where('at_ms', '>=', sinceMs)
      .where('kind', 'in', kinds)
      .limit(1)
      .executeTakeFirst()
    return event !== undefined
  }

/**
 * Whether the password of an account was set, or ended, since a letter was asked for. The letter
 * may have waited for the server, and its link would be for the new password.
 */
export const hasOtherPassword = hasOneOf(changes)

/** Ends of sessions that may have been those of a thief. A logout is not one. */
const ends: AuditKind[] = ['session-ended', 'logout-all', 'refresh-reused']

/** Whether a session of an account was ended since it asked for a change of the address. */
export const hasEndedSession = hasOneOf(ends)

/**
 * Whether a letter that changes the address is void since it was asked for: also because a session
 * was ended, or the account is to be deleted.
 */
export const isChangeVoid = hasOneOf([...changes, ...ends, 'deletion-requested'])
