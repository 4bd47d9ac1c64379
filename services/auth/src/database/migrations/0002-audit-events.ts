import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export const auditEvents: Migration = {
  async up(database) {
    await database.schema
      .createTable('audit_events')
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('subject', 'text')
      .addColumn('sid', 'text')
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('detail', 'text', (column) => column.notNull())
      .execute()
    await sql`create index audit_events_by_subject on audit_events (subject, at_ms)`.execute(
      database
    )
  }
}
