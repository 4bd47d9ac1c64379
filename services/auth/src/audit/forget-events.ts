import type { Kysely } from 'kysely'
import { ROWS_PER_STATEMENT } from '../database/rows-per-statement.ts'
import type { Tables } from '../database/tables.ts'
import type { Cleanup } from '../retention.ts'

const DAY_MS = 86_400_000

/**
 * Deletes old events of the audit log.
 * @param days how long events are kept; 0: forever
 */
export const forgetEvents =
  (db: Kysely<Tables>, days: number, clock: () => number): Cleanup =>
  async () => {
    if (days === 0) return false
    const before = clock() - days * DAY_MS
    const old = db.selectFrom('audit_events').where('at_ms', '<', before)
    // Events have no key, so all events of the same millisecond are deleted together.
    const last = await old
      .select('at_ms')
      .orderBy('at_ms')
      .offset(ROWS_PER_STATEMENT - 1)
      .limit(1)
      .executeTakeFirst()
    await db
      .deleteFrom('audit_events')
      .where('at_ms', '<=', last?.at_ms ?? before)
      .where('at_ms', '<', before)
      .execute()
    return last !== undefined
  }
