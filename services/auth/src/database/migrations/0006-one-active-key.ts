import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** If several instances start together on an empty database, only one creates the active key. */
export const oneActiveKey: Migration = {
  async up(database) {
    await sql`create unique index one_active_key on signing_keys (state) where state = 'active'`.execute(
      database
    )
  }
}
