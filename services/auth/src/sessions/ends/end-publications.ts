import type { Kysely } from 'kysely'
import { ROWS_PER_STATEMENT } from '../../database/statements/rows-per-statement.ts'
import type { Tables } from '../../database/tables.ts'
import { beginRun, completeRun, currentRun, notePublished } from '../../revocations/store-run.ts'

/** Sessions of a user. */
type UnpublishedEnds = { readonly subject: string; readonly sids: readonly string[] }

/**
 * Which ends of sessions in the database are published to the session store (`store-run.ts`).
 */
export type EndPublications = {
  /** Ends earlier than `beforeMs` that the session store may not know. */
  unpublished(beforeMs: number): AsyncIterable<readonly UnpublishedEnds[]>
  /**
   * Notes that these ends are published to this run of the session store. Returns false, and notes
   * nothing, if the run has changed.
   */
  note(sids: readonly string[], run: string): Promise<boolean>
  /**
   * The session store has begun this run. It may have forgotten all ends since `sinceMs`, so these
   * count as unpublished.
   */
  beginRun(run: string, sinceMs: number): Promise<void>
  /**
   * Notes that everything was published again to this run. Returns false if the run has changed.
   */
  completeRun(run: string): Promise<boolean>
  /** The current run of the session store. */
  currentRun(): Promise<string>
}

export function endPublications(db: Kysely<Tables>, clock: () => number): EndPublications {
  return {
    unpublished: (beforeMs) => unpublished(db, beforeMs, clock),
    note: async (sids, run) => {
      for (let from = 0; from < sids.length; from += ROWS_PER_STATEMENT) {
        const some = sids.slice(from, from + ROWS_PER_STATEMENT)
        const isNoted = await notePublished(db, run, (transaction) =>
          transaction.updateTable('sessions').set({ untold: 0 }).where('sid', 'in', some).execute()
        )
        if (!isNoted) return false
      }
      return true
    },
    beginRun: (run, sinceMs) =>
      beginRun(db, run, (transaction) =>
        transaction
          .updateTable('sessions')
          .set({ untold: 1 })
          .where('ended_at_ms', '>=', sinceMs)
          .execute()
      ),
    completeRun: (run) => completeRun(db, run),
    currentRun: () => currentRun(db)
  }
}

/**
 * Reads them in parts: those of a partition that does not answer stay, and must not keep others
 * from being read.
 */
async function* unpublished(
  db: Kysely<Tables>,
  beforeMs: number,
  clock: () => number
): AsyncGenerator<UnpublishedEnds[]> {
  let after = ''
  for (;;) {
    const rows = await db
      .selectFrom('sessions')
      .select(['subject', 'sid'])
      .where('untold', '=', 1)
      .where('sid', '>', after)
      // An end in the future was dated by an instance with a wrong clock, because the session
      // store had not answered it yet.
      .where(({ or, eb }) =>
        or([eb('ended_at_ms', '<', beforeMs), eb('ended_at_ms', '>', clock())])
      )
      .orderBy('sid')
      .limit(ROWS_PER_STATEMENT)
      .execute()
    const bySubject = Map.groupBy(rows, ({ subject }) => subject)
    yield [...bySubject].map(([subject, of]) => ({ subject, sids: of.map(({ sid }) => sid) }))
    const last = rows[ROWS_PER_STATEMENT - 1]
    if (last === undefined) return
    after = last.sid
  }
}
