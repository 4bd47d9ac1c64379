import type { Kysely } from 'kysely'
import { lockAccount } from '../accounts/lock-account.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import type { SessionEnd } from './durable-sessions.ts'
import { endOneSession } from './end-sessions.ts'

/**
 * Takes in an end that the session store decided. Instances may do so at the same time, and again after a lost answer: the event
 * is written once.
 */
export async function recordEnd(
  transaction: Kysely<Tables>,
  event: SessionEnd,
  atMs: number
): Promise<void> {
  await lockAccount(transaction, event.subject)
  const isEnd = await endOneSession(transaction, event, atMs)
  if (isEnd || (await lacksEvent(transaction, event))) await writeAudit(transaction, event, atMs)
}

/**
 * What did not end the session for the database: another end came first, it has expired, or it was opened before the database
 * kept sessions. A token that was used again is worth an event all the same. An eviction of what has ended is none.
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
