import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { removeSome } from '../outbox/remove-some.ts'

/**
 * Deletes deliveries of removed endpoints: those that the removal left, and those that a
 * transaction queued meanwhile. Returns whether there may be more.
 */
export const forgetOrphans = (db: Kysely<Tables>) => async (): Promise<boolean> => {
  for (let target = await targetAfter(db, ''); target !== null; ) {
    if (await isRemoved(db, target)) return await removeSome(db, 'webhook', target)
    target = await targetAfter(db, target)
  }
  return false
}

/** The next endpoint that has deliveries, found in the index without reading each of them. */
async function targetAfter(db: Kysely<Tables>, target: string): Promise<string | null> {
  const row = await db
    .selectFrom('deliveries')
    .select('target')
    .where('kind', '=', 'webhook')
    .where('target', '>', target)
    .orderBy('target')
    .limit(1)
    .executeTakeFirst()
  return row?.target ?? null
}

async function isRemoved(db: Kysely<Tables>, id: string): Promise<boolean> {
  const row = await db.selectFrom('webhooks').select('id').where('id', '=', id).executeTakeFirst()
  return row === undefined
}
