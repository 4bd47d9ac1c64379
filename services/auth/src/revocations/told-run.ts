import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/** The run before the first one is known. */
const NO_RUN = ''

/**
 * A *run* of the session store is the time between two restarts, failovers or losses of its data.
 * The store contains the sessions and the revocation log. A new run may have lost what an earlier
 * one was told. So when the run changes, everything in the database is marked as untold.
 * @returns the run to which everything that the database marks as told was told
 */
export async function toldRun(db: Kysely<Tables>): Promise<string> {
  const row = await db.selectFrom('session_store').select('incarnation').executeTakeFirst()
  return row?.incarnation ?? NO_RUN
}

/**
 * Marks what this run was told. The caller has read the run before it told the store. If the run
 * has changed since, the new run may have lost what was told, so nothing is marked, and it is told
 * again.
 * @returns whether it was marked
 */
export async function noteTold(
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
    // With the lock, `retellTo` of another instance waits for this transaction, or this one for it.
    const row = await transaction
      .updateTable('session_store')
      .set({ incarnation: run })
      .where('incarnation', '=', run)
      .returning('one')
      .executeTakeFirst()
    if (row === undefined) return false
    await mark(transaction)
    return true
  })
}

/**
 * The stored value while a new run is told again what may be lost. If the instance that does so
 * stops, another one begins again.
 */
const underWay = (run: string) => `${run} is told again`

/** Makes this run the current one, and marks everything as untold. */
export async function retellTo(
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
 * Notes that this run was told everything again. Returns false if it is no longer the current one.
 */
export async function retoldTo(db: Kysely<Tables>, run: string): Promise<boolean> {
  const row = await db
    .updateTable('session_store')
    .set({ incarnation: run })
    .where('incarnation', 'in', [run, underWay(run)])
    .returning('one')
    .executeTakeFirst()
  return row !== undefined
}
