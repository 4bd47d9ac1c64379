import type { Kysely } from 'kysely'
import { isPostgres } from '../database/postgres/is-postgres.ts'
import type { Tables } from '../database/tables.ts'
import type { AuditEvent, AuditKind } from './audit-event.ts'

/** Events about a user that are written outside of the transactions that lock the account. */
const OF_USERS: ReadonlySet<AuditKind> = new Set<AuditKind>([
  'login-failed',
  'factor-required',
  'factor-failed',
  'mail-token-refused',
  'refresh-ended',
  'refresh-healed',
  'refresh-recovered',
  'refresh-replayed',
  'refresh-restored'
])

export const isOfUser = ({ kind, subject }: AuditEvent): boolean =>
  subject !== null && OF_USERS.has(kind)

/**
 * The event as it may be stored: without its network address if the user was deleted. A request may
 * have begun before the deletion, and a browser may send a refresh token weeks after it. Prevents
 * the deletion until the end of the transaction: it then erases this address too.
 */
export async function eventOfUser(
  transaction: Kysely<Tables>,
  event: AuditEvent
): Promise<AuditEvent> {
  const query = transaction
    .selectFrom('accounts')
    .select('id')
    .where('id', '=', event.subject ?? '')
  const account = await (isPostgres(transaction) ? query.forKeyShare() : query).executeTakeFirst()
  return account === undefined ? { ...event, source: { ...event.source, address: '' } } : event
}
