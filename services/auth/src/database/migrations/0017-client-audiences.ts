import type { Migration } from 'kysely/migration'

/** For which audiences a machine client receives tokens, and for which it may exchange them. */
export const clientAudiences: Migration = {
  async up(database) {
    for (const column of ['receives', 'calls']) {
      await database.schema
        .alterTable('clients')
        .addColumn(column, 'text', (definition) => definition.notNull().defaultTo(''))
        .execute()
    }
  }
}
