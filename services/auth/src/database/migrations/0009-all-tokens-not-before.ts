import type { Migration } from 'kysely/migration'

export const allTokensNotBefore: Migration = {
  async up(database) {
    await database.schema
      .createTable('all_tokens')
      .addColumn('one', 'integer', (column) => column.primaryKey())
      .addColumn('not_before', 'bigint', (column) => column.notNull())
      .execute()
    await database.insertInto('all_tokens').values({ one: 1, not_before: 0 }).execute()
  }
}
