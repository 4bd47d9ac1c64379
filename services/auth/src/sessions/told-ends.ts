import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { noteTold, retellTo, retoldTo, toldRun } from '../revocations/told-run.ts'

/** What the session store has been told of the ends that the database has. */
export type ToldEnds = {
  /** Ends earlier than `beforeMs` that the session store may not know. */
  untold(
    beforeMs: number
  ): Promise<{ readonly subject: string; readonly sids: readonly string[] }[]>
  /** This run of the session store knows of these. False where another run counts by now: nothing is noted then. */
  told(sids: readonly string[], run: string): Promise<boolean>
  /** This run of the session store counts from now on, and may have forgotten all ends since then. */
  retell(run: string, sinceMs: number): Promise<void>
  /** All that it may have forgotten is noted. Whether it still counts. */
  retold(run: string): Promise<boolean>
  /** Which run of the session store counts. */
  run(): Promise<string>
}

/** how many are told in one round */
const BATCH = 500

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
    told: (sids, run) =>
      noteTold(db, run, (transaction) =>
        transaction.updateTable('sessions').set({ untold: 0 }).where('sid', 'in', sids).execute()
      ),
    retell: (run, sinceMs) =>
      retellTo(db, run, (transaction) =>
        transaction
          .updateTable('sessions')
          .set({ untold: 1 })
          .where('ended_at_ms', '>=', sinceMs)
          .execute()
      ),
    retold: (run) => retoldTo(db, run),
    run: () => toldRun(db)
  }
}
