import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { DeliveryKind } from './delivery.ts'

const DAY_MS = 86_400_000

/**
 * Deletes deliveries of a kind whose message is older than this, whatever their state: a message
 * that waits for an endpoint that was disabled long ago helps no receiver.
 * @param batch how many at once
 * @returns a function that deletes one batch, and says whether there may be more
 */
export const forgetDeliveries =
  (db: Kysely<Tables>, kind: DeliveryKind, days: number, clock: () => number, batch = 500) =>
  async (): Promise<boolean> => {
    const { numDeletedRows } = await db
      .deleteFrom('deliveries')
      .where('position', 'in', ({ selectFrom }) =>
        selectFrom('deliveries')
          .select('position')
          .where('kind', '=', kind)
          .where('created_at_ms', '<', clock() - days * DAY_MS)
          .orderBy('created_at_ms')
          .limit(batch)
      )
      .executeTakeFirstOrThrow()
    return numDeletedRows === BigInt(batch)
  }
