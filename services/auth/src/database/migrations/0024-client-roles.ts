import type { Migration } from 'kysely/migration'

/** Which roles of users the exchanged tokens of a machine client may have; null: all of them. */
export const clientRoles: Migration = {
  async up(database) {
    await database.schema.alterTable('clients').addColumn('exchange_roles', 'text').execute()
  }
}
