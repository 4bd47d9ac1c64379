import type { Kysely } from 'kysely'
import { ROWS_PER_STATEMENT } from '../database/statements/rows-per-statement.ts'
import type { Tables } from '../database/tables.ts'
import type { DeliveryKind } from './delivery.ts'

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
        .limit(ROWS_PER_STATEMENT)
    )
    .executeTakeFirstOrThrow()
  return numDeletedRows === BigInt(ROWS_PER_STATEMENT)
}
