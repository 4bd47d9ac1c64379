import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/** The run before the first one is known. */
const NO_RUN = ''

/**
 * A *run* of the session store is the time between two restarts, failovers or losses of its data.
 * The store contains the sessions and the revocation log. A new run may have lost what was
 * published to an earlier one. So when the run changes, everything in the database is marked as
 * unpublished (`untold` in the tables).
 * @returns the run to which the database has published everything that it does not mark otherwise
 */
export async function currentRun(db: Kysely<Tables>): Promise<string> {
  const row = await db.selectFrom('session_store').select('incarnation').executeTakeFirst()
  return row?.incarnation ?? NO_RUN
}

/**
 * Marks as published what the caller has published to this run. The caller read the run before it
 * published. If the run has changed since, the new run may have lost what was published, so nothing
 * is marked, and it is published again.
 * @returns whether it was marked
 */
export async function notePublished(
  db: Kysely<Tables>,
  run: string,
  mark: (transaction: Kysely<Tables>) => Promise<unknown>
): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    if (run === NO_RUN)
      await transaction
        .insertInto('session_store')
        .values({ one: 1, incarnation: run })
        .onConflict((conflict) => conflict.column('one').doNothing())
        .execute()
    // With the lock, `beginRun` of another instance waits for this transaction, or this one for
    // it.
    const row = await transaction
      .updateTable('session_store')
      .set(({ ref }) => ({ incarnation: ref('incarnation') }))
      // Everything was marked as unpublished before this run was under way.
      .where('incarnation', 'in', [run, underWay(run)])
      .returning('one')
      .executeTakeFirst()
    if (row === undefined) return false
    await mark(transaction)
    return true
  })
}

/**
 * The stored value while an instance publishes again to a new run what may be lost. If that
 * instance stops, another one begins again.
 */
const underWay = (run: string) => `${run} is told again`

/** Makes this run the current one, and marks everything as unpublished. */
export async function beginRun(
  db: Kysely<Tables>,
  run: string,
  unmark: (transaction: Kysely<Tables>) => Promise<unknown>
): Promise<void> {
  const incarnation = underWay(run)
  await db.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('session_store')
      .values({ one: 1, incarnation })
      .onConflict((conflict) => conflict.column('one').doUpdateSet({ incarnation }))
      .execute()
    await unmark(transaction)
  })
}

/**
 * Notes that everything was published again to this run. Returns false if it is no longer the
 * current one.
 */
export async function completeRun(db: Kysely<Tables>, run: string): Promise<boolean> {
  const row = await db
    .updateTable('session_store')
    .set({ incarnation: run })
    .where('incarnation', 'in', [run, underWay(run)])
    .returning('one')
    .executeTakeFirst()
  return row !== undefined
}
