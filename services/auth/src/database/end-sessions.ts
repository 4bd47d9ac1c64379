import { type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import { openSession } from './is-open-session.ts'
import { isPostgres } from './postgres/is-postgres.ts'
import type { Tables } from './tables.ts'

/**
 * Ends all sessions of a user except one and erases their labels, in the transaction of the change
 * that ends them. That transaction has locked the account before: a login that has checked the old
 * password comes either before it, and its session ends too, or after it, and is refused. The ends
 * are published to the session store afterwards (`sessionEnds`); if this process stops before that,
 * another instance does it.
 * @returns the ids of those that had not ended
 */
export async function endSessions(
  transaction: Kysely<Tables>,
  subject: string,
  except: string | null,
  nowMs: number
): Promise<string[]> {
  const open = transaction
    .selectFrom('sessions')
    .select('sid')
    .where('subject', '=', subject)
    .where('ended_at_ms', 'is', null)
    .where('expires_at', '>', Math.floor(nowMs / 1000))
    .where('sid', '!=', except ?? '')
  const rows = await updateSessions(transaction, open)
    .set({ ended_at_ms: nowMs, untold: 1, label: '' })
    .where('ended_at_ms', 'is', null)
    .returning('sid')
    .execute()
  return rows.map(({ sid }) => sid)
}

/** An update of sessions that locks them in the order of their ids (`lockAccount`). */
export function updateSessions(
  transaction: Kysely<Tables>,
  sessions: SelectQueryBuilder<Tables, 'sessions', { sid: string }>
) {
  const ordered = sessions.orderBy('sid')
  return transaction
    .with(
      (cte) => cte('locked').materialized(),
      () => (isPostgres(transaction) ? ordered.modifyEnd(sql`for update`) : ordered)
    )
    .updateTable('sessions')
    .where('sid', 'in', ({ selectFrom }) => selectFrom('locked').select('locked.sid'))
}

/** The same for one session. Returns whether it is known and had not ended. */
export async function endOneSession(
  transaction: Kysely<Tables>,
  session: { readonly subject: string; readonly sid: string },
  atMs: number
): Promise<boolean> {
  const row = await transaction
    .updateTable('sessions')
    .set({ ended_at_ms: atMs, untold: 1, label: '' })
    .where(openSession(session, atMs))
    .returning('sid')
    .executeTakeFirst()
  return row !== undefined
}
