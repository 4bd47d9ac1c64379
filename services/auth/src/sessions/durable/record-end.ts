import type { Kysely } from 'kysely'
import { lockAccount } from '../../accounts/lock-account.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import { endOneSession } from '../../database/end-sessions.ts'
import type { Tables } from '../../database/tables.ts'
import type { NotifyReuse } from './notify-reuse.ts'
import type { SessionEnd } from './session-end.ts'

/**
 * Records an end that the session store decided. Several instances may do so at once, and repeat it
 * after a lost answer: the event is written once.
 */
export async function recordEnd(
  transaction: Kysely<Tables>,
  event: SessionEnd,
  atMs: number,
  notifyReuse: NotifyReuse
): Promise<void> {
  const hasAccount = await lockAccount(transaction, event.subject)
  const isEnd = await endOneSession(transaction, event, atMs)
  if (!isEnd && !(await lacksEvent(transaction, event))) return
  // The user was deleted meanwhile, with all network addresses.
  const source = hasAccount ? event.source : { ...event.source, address: '' }
  await writeAudit(transaction, { ...event, source }, atMs)
  if (event.kind === 'refresh-reused')
    await notifyReuse(transaction, event.subject, { source, atMs })
}

/**
 * Whether an end that did not end the session in the database still needs an event: another end
 * came first, it has expired, or it was opened before the database stored sessions. A reuse always
 * has an event; the eviction of an ended session has none.
 */
async function lacksEvent(
  transaction: Kysely<Tables>,
  { kind, sid }: SessionEnd
): Promise<boolean> {
  const written = await transaction
    .selectFrom('audit_events')
    .select('kind')
    .where('sid', '=', sid)
    .where('kind', '=', kind)
    .limit(1)
    .executeTakeFirst()
  if (written !== undefined) return false
  if (kind === 'refresh-reused') return true
  const known = await transaction
    .selectFrom('sessions')
    .select('sid')
    .where('sid', '=', sid)
    .executeTakeFirst()
  return known === undefined
}
