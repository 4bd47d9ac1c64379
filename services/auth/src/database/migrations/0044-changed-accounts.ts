import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { noteChanges } from '../note-changes.ts'

/**
 * The accounts whose state has changed, for the caches of the auth services. Triggers note them, so
 * that no statement can forget to: neither one of an earlier version, nor one that a person types.
 */
export const changedAccounts: Migration = {
  async up(database) {
    await database.schema
      .createTable('forgotten_changes')
      .addColumn('one', 'integer', (column) => column.primaryKey().check(sql`one = 1`))
      .addColumn('before', 'bigint', (column) => column.notNull())
      .execute()
    await sql`insert into forgotten_changes (one, before) values (1, 0)`.execute(database)
    await noteChanges(database)
  }
}
