import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/** The run before the first one is known. */
const NO_RUN = ''

/**
 * The run of the session store that was told everything that the database marks as told. The
 * revocation log is in the same store. Another run may have lost it, and then everything is marked
 * as untold again.
 */
export async function toldRun(db: Kysely<Tables>): Promise<string> {
  const row = await db.selectFrom('session_store').select('incarnation').executeTakeFirst()
  return row?.incarnation ?? NO_RUN
}

/**
 * Marks what this run was told. The run was read before the store was told. If another run counts
 * by now, the mark would hide what that run has lost, so nothing is marked, and it is told again.
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
 * The value while a run is being told again what may be lost. If an instance stops meanwhile,
 * another one begins again.
 */
const underWay = (run: string) => `${run} is told again`

/** From now on, this run counts. It has been told nothing. */
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

/** Everything that this run must be told again is marked. Returns whether this run still counts. */
export async function retoldTo(db: Kysely<Tables>, run: string): Promise<boolean> {
  const row = await db
    .updateTable('session_store')
    .set({ incarnation: run })
    .where('incarnation', 'in', [run, underWay(run)])
    .returning('one')
    .executeTakeFirst()
  return row !== undefined
}
