import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/** Before the first run is known. */
const NO_RUN = ''

/**
 * The run of the session store that was told what the database has marked as told. The log of revocations is in the same store.
 * Another run may have lost it, and everything is then marked anew.
 */
export async function toldRun(db: Kysely<Tables>): Promise<string> {
  const row = await db.selectFrom('session_store').select('incarnation').executeTakeFirst()
  return row?.incarnation ?? NO_RUN
}

/**
 * Marks as told what this run was told, which was read before the store was told. Where another run counts by now, the mark would
 * hide what that one has lost, and nothing is done: it is told once more.
 * @returns whether it was done
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
    // The lock makes `retellTo` of another instance wait, or this one for it.
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

/** Counts while a run is told again what may be lost. An instance that stops meanwhile leaves it so, and another begins again. */
const underWay = (run: string) => `${run} is told again`

/** From now on this run counts, and has been told of nothing. */
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

/** Everything is marked that this run is to be told again. Whether it still is the one that counts. */
export async function retoldTo(db: Kysely<Tables>, run: string): Promise<boolean> {
  const row = await db
    .updateTable('session_store')
    .set({ incarnation: run })
    .where('incarnation', 'in', [run, underWay(run)])
    .returning('one')
    .executeTakeFirst()
  return row !== undefined
}
