import type { Migration } from 'kysely/migration'

/** Deleted accounts of which the audit log may still have network addresses. */
export const erasures: Migration = {
  async up(database) {
    await database.schema
      .createTable('erasures')
      .addColumn('subject', 'text', (column) => column.primaryKey())
      .addColumn('done_to_ms', 'bigint', (column) => column.notNull())
      .execute()
  }
}
