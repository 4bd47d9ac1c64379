import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Finds the open sessions of a user without reading the ended ones: these are kept until they would
 * have expired, and there is one for each login.
 */
export const openSessions: Migration = {
  async up(database) {
    await sql`create index sessions_open on sessions (subject) where ended_at_ms is null`.execute(
      database
    )
    await sql`drop index sessions_by_subject`.execute(database)
  }
}
