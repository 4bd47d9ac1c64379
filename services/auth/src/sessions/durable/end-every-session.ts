import type { Kysely } from 'kysely'
import type { RequestSource } from '../../audit/audit-event.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import { updateSessions } from '../../database/end-sessions.ts'
import type { Tables } from '../../database/tables.ts'

export type EndedSessions = {
  readonly ended: number
  /** whether there may be more, for another call */
  readonly more: boolean
}

/**
 * One transaction ends a batch in a fraction of the time that a statement may take, and a request
 * of an operator, which ends some batches, takes seconds at most.
 */
const parts = { batch: 2000, batches: 10 }

/** Sessions in the order of their ids, so that each batch begins where the last one ended. */
type Range = {
  readonly after: string
  /** in seconds since 1970 */
  readonly openedBefore: number
}

/**
 * Ends every session in the database that was opened before a second, of all users, a part at a
 * time.
 *
 * The ends are not published to the session store and the gateways one by one: a refresh asks the
 * database first, and the caller makes all access tokens stale. A million revocations would fill
 * the log.
 */
export function endEverySession(db: Kysely<Tables>, clock: () => number, sizes = parts) {
  return async (openedBefore: number, source: RequestSource): Promise<EndedSessions> => {
    let [ended, after, more] = [0, '', true]
    for (let part = 0; part < sizes.batches && more; part += 1) {
      const last = await lastOf(db, { after, openedBefore }, sizes.batch)
      more = last !== null
      const count = await db.transaction().execute(async (transaction) => {
        const range = { after, openedBefore }
        const ended = await endRange(transaction, range, last, clock())
        // Written even if the request ends nothing, because an operator made it.
        if (ended > 0 || part === 0) {
          const detail = { ended, openedBefore }
          const about = { subject: null, sid: null, source, detail }
          await writeAudit(transaction, { kind: 'all-sessions-ended', ...about }, clock())
        }
        return ended
      })
      ended += count
      after = last ?? after
    }
    return { ended, more }
  }
}

/** The id of the last session of a full batch; null if the rest is less than that. */
async function lastOf(db: Kysely<Tables>, range: Range, batch: number): Promise<string | null> {
  const row = await db
    .selectFrom('sessions')
    .select('sid')
    .where('sid', '>', range.after)
    .where('ended_at_ms', 'is', null)
    .where('opened_at', '<', range.openedBefore)
    .orderBy('sid')
    .offset(batch - 1)
    .limit(1)
    .executeTakeFirst()
  return row?.sid ?? null
}

async function endRange(
  db: Kysely<Tables>,
  { after, openedBefore }: Range,
  last: string | null,
  nowMs: number
): Promise<number> {
  const open = db
    .selectFrom('sessions')
    .select('sid')
    .where('sid', '>', after)
    .where('ended_at_ms', 'is', null)
    .where('opened_at', '<', openedBefore)
  const { numUpdatedRows } = await updateSessions(
    db,
    last === null ? open : open.where('sid', '<=', last)
  )
    .set({ ended_at_ms: nowMs, label: '' })
    .where('ended_at_ms', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}
