import type { Migration } from 'kysely/migration'

export const passwordVersion: Migration = {
  async up(database) {
    await database.schema
      .alterTable('accounts')
      .addColumn('password_version', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
  }
}
