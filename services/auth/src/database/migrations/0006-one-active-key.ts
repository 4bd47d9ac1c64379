import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Of instances that start together on an empty database, one makes the key that signs. */
export const oneActiveKey: Migration = {
  async up(database) {
    await sql`create unique index one_active_key on signing_keys (state) where state = 'active'`.execute(
      database
    )
  }
}
