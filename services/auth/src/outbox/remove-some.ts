import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { DeliveryKind } from './delivery.ts'

/** A statement has little time, and a target may have any number of deliveries. */
const BATCH = 500

/** Deletes some deliveries of a target, in any state. Returns whether there may be more. */
export async function removeSome(
  on: Kysely<Tables>,
  kind: DeliveryKind,
  target: string
): Promise<boolean> {
  const { numDeletedRows } = await on
    .deleteFrom('deliveries')
    .where('position', 'in', ({ selectFrom }) =>
      selectFrom('deliveries')
        .select('position')
        .where('kind', '=', kind)
        .where('target', '=', target)
        .orderBy('position')
        .limit(BATCH)
    )
    .executeTakeFirstOrThrow()
  return numDeletedRows === BigInt(BATCH)
}
