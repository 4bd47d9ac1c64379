import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/** What the session store has been told of the ends that the database has. */
export type ToldEnds = {
  /** Ends earlier than `beforeMs` that the session store may not know. */
  untold(
    beforeMs: number
  ): Promise<{ readonly subject: string; readonly sids: readonly string[] }[]>
  /** The session store knows of these. */
  told(sids: readonly string[]): Promise<void>
  /** The session store may have forgotten all ends since then. */
  retell(sinceMs: number): Promise<void>
  /** Which run of the session store has been told of all of them; null where none has. */
  incarnation(): Promise<string | null>
  setIncarnation(incarnation: string): Promise<void>
  /** Deletes sessions that have expired. */
  prune(): Promise<void>
}

/** how many are told in one round */
const BATCH = 500
/** how long an expired session is kept, for clocks that are behind */
const KEEP_SECONDS = 3600

export function toldEnds(db: Kysely<Tables>, clock: () => number): ToldEnds {
  return {
    async untold(beforeMs) {
      const rows = await db
        .selectFrom('sessions')
        .select(['subject', 'sid'])
        .where('untold', '=', 1)
        // One that is dated ahead is by an instance that had its own clock, because the session store had not answered it yet.
        .where(({ or, eb }) =>
          or([eb('ended_at_ms', '<', beforeMs), eb('ended_at_ms', '>', clock())])
        )
        .limit(BATCH)
        .execute()
      const bySubject = Map.groupBy(rows, ({ subject }) => subject)
      return [...bySubject].map(([subject, of]) => ({ subject, sids: of.map(({ sid }) => sid) }))
    },
    async told(sids) {
      await db.updateTable('sessions').set({ untold: 0 }).where('sid', 'in', sids).execute()
    },
    async retell(sinceMs) {
      await db
        .updateTable('sessions')
        .set({ untold: 1 })
        .where('ended_at_ms', '>=', sinceMs)
        .execute()
    },
    async incarnation() {
      const row = await db.selectFrom('session_store').select('incarnation').executeTakeFirst()
      return row?.incarnation ?? null
    },
    async setIncarnation(incarnation) {
      await db
        .insertInto('session_store')
        .values({ one: 1, incarnation })
        .onConflict((conflict) => conflict.column('one').doUpdateSet({ incarnation }))
        .execute()
    },
    async prune() {
      await db
        .deleteFrom('sessions')
        .where('expires_at', '<', Math.floor(clock() / 1000) - KEEP_SECONDS)
        .execute()
    }
  }
}
