import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'

/** After this time, another instance may take over from one that was killed. */
const HOLD_MS = 60_000
/** After so many pages, which take less than the time above, the instance still verifies. */
const PAGES_PER_HOLD = 100

/** One instance signs at a time. */
export async function takeTurn(db: Kysely<Tables>, nowMs: number): Promise<boolean> {
  const row = await db
    .updateTable('audit_chain')
    .set({ signing_until_ms: nowMs + HOLD_MS })
    // No instance takes it for longer, so a later time is forged, and must not prevent heads.
    .where(({ or, eb }) =>
      or([eb('signing_until_ms', '<=', nowMs), eb('signing_until_ms', '>', nowMs + 2 * HOLD_MS)])
    )
    .returning('one')
    .executeTakeFirst()
  return row !== undefined
}

async function hold(db: Kysely<Tables>, untilMs: number): Promise<void> {
  await db.updateTable('audit_chain').set({ signing_until_ms: untilMs }).execute()
}

export const endTurn = (db: Kysely<Tables>): Promise<void> => hold(db, 0)

/** Holds the right to sign while pages are read, and lets other work run between them. */
export function pageHolder(db: Kysely<Tables>, now: () => Promise<number>): () => Promise<void> {
  let page = 0
  return async () => {
    page += 1
    if (page % PAGES_PER_HOLD === 0) await hold(db, (await now()) + HOLD_MS)
    await new Promise(setImmediate)
  }
}
