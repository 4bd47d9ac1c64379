import type { Kysely } from 'kysely'
import { lockAccount } from '../../accounts/lock-account.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import { endOneSession } from '../../database/end-sessions.ts'
import type { Tables } from '../../database/tables.ts'
import type { NotifyReuse } from './notify-reuse.ts'
import type { SessionEnd } from './session-end.ts'

type EndPorts = { readonly clock: () => number; readonly notifyReuse: NotifyReuse }

/**
 * An end that was recorded later than this has the later time in the audit log, whose verification
 * reports events that are older than their place.
 */
const MOST_LATE_MS = 3_600_000

/**
 * Records an end that the session store decided. Several instances may do so at once, and repeat it
 * after a lost response: the event is written once.
 * @param atMs when the store decided it, in milliseconds since 1970
 */
export async function recordEnd(
  transaction: Kysely<Tables>,
  event: SessionEnd,
  atMs: number,
  { clock, notifyReuse }: EndPorts
): Promise<void> {
  const hasAccount = await lockAccount(transaction, event.subject)
  const isEnd = await endOneSession(transaction, event, atMs)
  if (!isEnd && !(await lacksEvent(transaction, event))) return
  // The user was deleted meanwhile, with all network addresses.
  const source = hasAccount ? event.source : { ...event.source, address: '' }
  const nowMs = clock()
  if (nowMs - atMs < MOST_LATE_MS) await writeAudit(transaction, { ...event, source }, atMs)
  else {
    const detail = { ...event.detail, endedAt: Math.floor(atMs / 1000) }
    await writeAudit(transaction, { ...event, source, detail }, nowMs)
  }
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
