import type { Kysely } from 'kysely'
import { ROWS_PER_STATEMENT } from '../../database/statements/rows-per-statement.ts'
import type { Tables } from '../../database/tables.ts'
import {
  notePublished,
  publishedRun,
  republishedTo,
  republishTo
} from '../../revocations/published-run.ts'

/** Sessions of a user. */
type UnpublishedEnds = { readonly subject: string; readonly sids: readonly string[] }

/**
 * Which ends of sessions in the database are published to the session store (`published-run.ts`).
 */
export type PublishedEnds = {
  /** Ends earlier than `beforeMs` that the session store may not know. */
  unpublished(beforeMs: number): AsyncIterable<readonly UnpublishedEnds[]>
  /**
   * Notes that these ends are published to this run of the session store. Returns false, and notes
   * nothing, if the run has changed.
   */
  published(sids: readonly string[], run: string): Promise<boolean>
  /**
   * The session store is now in this run. It may have forgotten all ends since `sinceMs`, so these
   * count as unpublished.
   */
  republish(run: string, sinceMs: number): Promise<void>
  /**
   * Notes that everything was published again to this run. Returns false if the run has changed.
   */
  republished(run: string): Promise<boolean>
  /** The current run of the session store. */
  run(): Promise<string>
}

export function publishedEnds(db: Kysely<Tables>, clock: () => number): PublishedEnds {
  return {
    unpublished: (beforeMs) => unpublished(db, beforeMs, clock),
    published: async (sids, run) => {
      for (let from = 0; from < sids.length; from += ROWS_PER_STATEMENT) {
        const some = sids.slice(from, from + ROWS_PER_STATEMENT)
        const isNoted = await notePublished(db, run, (transaction) =>
          transaction.updateTable('sessions').set({ untold: 0 }).where('sid', 'in', some).execute()
        )
        if (!isNoted) return false
      }
      return true
    },
    republish: (run, sinceMs) =>
      republishTo(db, run, (transaction) =>
        transaction
          .updateTable('sessions')
          .set({ untold: 1 })
          .where('ended_at_ms', '>=', sinceMs)
          .execute()
      ),
    republished: (run) => republishedTo(db, run),
    run: () => publishedRun(db)
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
