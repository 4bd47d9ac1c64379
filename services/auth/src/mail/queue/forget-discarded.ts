import type { Kysely } from 'kysely'
import { ROWS_PER_STATEMENT } from '../../database/statements/rows-per-statement.ts'
import type { Tables } from '../../database/tables.ts'
import { ADDRESS_WINDOW_MS } from './mail-queue.ts'

/**
 * Deletes letters that had no recipient, as soon as they are no longer needed for the limit of
 * their address: strangers can cause many of them. Returns whether there may be more.
 */
export const forgetDiscarded =
  (db: Kysely<Tables>, clock: () => number) => async (): Promise<boolean> => {
    const { numDeletedRows } = await db
      .deleteFrom('deliveries')
      .where('position', 'in', ({ selectFrom }) =>
        selectFrom('deliveries')
          .select('position')
          .where('kind', '=', 'mail')
          .where('state', '=', 'discarded')
          .where('created_at_ms', '<', clock() - ADDRESS_WINDOW_MS)
          .orderBy('created_at_ms')
          .limit(ROWS_PER_STATEMENT)
      )
      .executeTakeFirstOrThrow()
    return numDeletedRows === BigInt(ROWS_PER_STATEMENT)
  }
