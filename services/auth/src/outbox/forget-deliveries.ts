import type { Kysely } from 'kysely'
import { ROWS_PER_STATEMENT } from '../database/statements/rows-per-statement.ts'
import type { Tables } from '../database/tables.ts'
import { DAY_MS } from '../day.ts'
import type { DeliveryKind } from './delivery.ts'
import { lanesOf, startLane } from './lanes.ts'

/**
 * Deletes deliveries of a kind whose message is older than this, whatever their state: a message
 * that waits for an endpoint that was disabled long ago helps no receiver.
 * @param batch how many at once
 * @returns a function that deletes one batch, and says whether there may be more
 */
export const forgetDeliveries =
  (
    db: Kysely<Tables>,
    kind: DeliveryKind,
    days: number,
    clock: () => number,
    batch = ROWS_PER_STATEMENT
  ) =>
  async (): Promise<boolean> =>
    await db.transaction().execute(async (transaction) => {
      const nowMs = clock()
      const deleted = await transaction
        .deleteFrom('deliveries')
        .where('position', 'in', ({ selectFrom }) =>
          selectFrom('deliveries')
            .select('position')
            .where('kind', '=', kind)
            .where('created_at_ms', '<', nowMs - days * DAY_MS)
            .orderBy('created_at_ms')
            .limit(batch)
        )
        .returning(['kind', 'target', 'lane', 'state'])
        .execute()
      const pending = deleted.filter(({ state }) => state === 'pending')
      for (const lane of lanesOf(pending)) await startLane(transaction, lane, nowMs)
      return deleted.length === batch
    })
