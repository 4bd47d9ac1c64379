import { PostgresAdapter, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The outbox: messages that are delivered to other systems after the transaction that wrote them.
 * The index covers what is due; a settled delivery is not in it.
 */
export const outbox: Migration = {
  async up(database) {
    const isPostgres = database.getExecutor().adapter instanceof PostgresAdapter
    await database.schema
      .createTable('deliveries')
      .addColumn('position', isPostgres ? 'bigint' : 'integer', (column) =>
        isPostgres
          ? column.generatedByDefaultAsIdentity().primaryKey()
          : column.primaryKey().autoIncrement()
      )
      .addColumn('id', 'text', (column) => column.notNull().unique())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('lane', 'text', (column) => column.notNull())
      .addColumn('message_id', 'text', (column) => column.notNull())
      .addColumn('topic', 'text', (column) => column.notNull())
      .addColumn('payload', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('due_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('claim', 'text')
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('settled_at_ms', 'bigint')
      .addColumn('last_fault', 'text')
      .addColumn('last_status', 'integer')
      .execute()
    const indexes = [
      sql`create index deliveries_due on deliveries (kind, target, due_at_ms, position) where state = 'pending'`,
      sql`create index deliveries_pending on deliveries (kind, position) where state = 'pending'`,
      sql`create index deliveries_by_lane on deliveries (kind, target, lane, position) where state = 'pending'`,
      sql`create index deliveries_dead on deliveries (kind, target, position) where state = 'dead'`,
      sql`create index deliveries_by_target on deliveries (kind, target, position)`,
      sql`create index deliveries_by_creation on deliveries (created_at_ms)`
    ]
    for (const index of indexes) await index.execute(database)
  }
}
