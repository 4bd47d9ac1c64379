import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** For the queries of operators: the newest events, and the user of a session. */
export const auditIndexes: Migration = {
  async up(database) {
    await sql`create index audit_events_by_time on audit_events (at_ms)`.execute(database)
    await sql`create index audit_events_by_session on audit_events (sid)`.execute(database)
  }
}
