import type { Migration } from 'kysely/migration'

/**
 * How often the rights of an account or client have changed. It orders changes and tokens without a
 * clock.
 */
export const rightsVersion: Migration = {
  async up(database) {
    for (const table of ['accounts', 'clients', 'untold_stale_tokens']) {
      await database.schema
        .alterTable(table)
        .addColumn('rights_version', 'bigint', (column) => column.notNull().defaultTo(0))
        .execute()
    }
  }
}
