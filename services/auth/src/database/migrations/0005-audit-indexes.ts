import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What an operator looks for: the newest events, and whose session it was. */
export const auditIndexes: Migration = {
  async up(database) {
    await sql`create index audit_events_by_time on audit_events (at_ms)`.execute(database)
    await sql`create index audit_events_by_session on audit_events (sid)`.execute(database)
  }
}
