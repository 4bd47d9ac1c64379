import type { Migration } from 'kysely/migration'

/** Endpoints of other systems that get events. Their secrets are sealed. */
export const webhooks: Migration = {
  async up(database) {
    await database.schema
      .createTable('webhooks')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('url', 'text', (column) => column.notNull())
      .addColumn('events', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('sealed_secret', 'text', (column) => column.notNull())
      .addColumn('sealed_previous_secret', 'text')
      .addColumn('previous_until_ms', 'bigint')
      .addColumn('failures', 'integer', (column) => column.notNull())
      .addColumn('failing_since_ms', 'bigint')
      .addColumn('paused_until_ms', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .execute()
  }
}
