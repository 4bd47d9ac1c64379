import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { noteTold, retellTo, retoldTo, toldRun } from '../revocations/told-run.ts'

/** Which ends of the database the session store has been told. */
export type ToldEnds = {
  /** Ends earlier than `beforeMs` that the session store may not know. */
  untold(
    beforeMs: number
  ): Promise<{ readonly subject: string; readonly sids: readonly string[] }[]>
  /**
   * Notes that this run of the session store was told these. False, and nothing noted, if another
   * run counts by now.
   */
  told(sids: readonly string[], run: string): Promise<boolean>
  /**
   * This run of the session store counts from now on. It may have forgotten all ends since
   * `sinceMs`.
   */
  retell(run: string, sinceMs: number): Promise<void>
  /** Everything that it may have forgotten is noted. Returns whether it still counts. */
  retold(run: string): Promise<boolean>
  /** The run of the session store that counts. */
  run(): Promise<string>
}

/** how many ends are told per round */
const BATCH = 500

export function toldEnds(db: Kysely<Tables>, clock: () => number): ToldEnds {
  return {
    async untold(beforeMs) {
      const rows = await db
        .selectFrom('sessions')
        .select(['subject', 'sid'])
        .where('untold', '=', 1)
        // An end in the future was dated by an instance with a wrong clock, because the session
        // store had not answered it yet.
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
