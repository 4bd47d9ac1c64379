import type { Migration } from 'kysely/migration'

/** What operators say about an account, apart from its rights: a JSON object. */
export const accountClaims: Migration = {
  async up(database) {
    await database.schema
      .alterTable('accounts')
      .addColumn('claims', 'text', (column) => column.notNull().defaultTo('{}'))
      .execute()
  }
}
