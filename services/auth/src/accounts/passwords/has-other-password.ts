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

/**
 * Whether the password of an account was set, or ended, since a letter was asked for. The letter
 * may have waited for the server, and its link would be for the new password.
 */
export async function hasOtherPassword(
  db: Kysely<Tables>,
  subject: string,
  sinceMs: number
): Promise<boolean> {
  const event = await db
    .selectFrom('audit_events')
    .select('kind')
    .where('subject', '=', subject)
    .where('at_ms', '>=', sinceMs)
    .where('kind', 'in', changes)
    .limit(1)
    .executeTakeFirst()
  return event !== undefined
}
