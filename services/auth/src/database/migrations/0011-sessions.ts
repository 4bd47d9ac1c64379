import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The facts about a session that cannot be rebuilt: that it was opened, and that it has ended. */
export const sessions: Migration = {
  async up(database) {
    await database.schema
      .createTable('sessions')
      .addColumn('sid', 'text', (column) => column.primaryKey())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('opened_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('used_at', 'bigint', (column) => column.notNull())
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('scope', 'text', (column) => column.notNull())
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('ended_at_ms', 'bigint')
      .addColumn('untold', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
    await sql`create index sessions_by_subject on sessions (subject)`.execute(database)
    await sql`create index sessions_by_expiry on sessions (expires_at)`.execute(database)
    await sql`create index sessions_untold on sessions (sid) where untold = 1`.execute(database)
    await sql`create index sessions_ended on sessions (ended_at_ms) where ended_at_ms is not null`.execute(
      database
    )
    await database.schema
      .createTable('session_store')
      .addColumn('one', 'integer', (column) => column.primaryKey())
      .addColumn('incarnation', 'text', (column) => column.notNull())
      .execute()
    for (const [name, type] of [
      ['password_changed_at_ms', 'bigint'],
      ['password_changed_by', 'text']
    ] as const) {
      await database.schema.alterTable('accounts').addColumn(name, type).execute()
    }
  }
}
