import type { Migration } from 'kysely/migration'

export const tokensNotBefore: Migration = {
  async up(database) {
    for (const table of ['accounts', 'clients']) {
      await database.schema
        .alterTable(table)
        .addColumn('tokens_not_before', 'bigint', (column) => column.notNull().defaultTo(0))
        .execute()
    }
    await database.schema
      .createTable('untold_stale_tokens')
      .addColumn('subject', 'text', (column) => column.primaryKey())
      .addColumn('before', 'bigint', (column) => column.notNull())
      .addColumn('until', 'bigint', (column) => column.notNull())
      .execute()
  }
}
