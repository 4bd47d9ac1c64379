import type { Migration } from 'kysely/migration'

/**
 * Into how many partitions the sessions are divided in Redis; null: no auth service has recorded it
 * yet, or an earlier version has written the row.
 */
export const numberOfPartitions: Migration = {
  async up(database) {
    await database.schema.alterTable('session_store').addColumn('partitions', 'integer').execute()
  }
}
