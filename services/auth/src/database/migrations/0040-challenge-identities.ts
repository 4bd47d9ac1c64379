import type { Migration } from 'kysely/migration'

/**
 * The linked provider by which a login that waits for a second factor began, and the address there;
 * null: it began with a password, or an earlier version has stored it.
 */
export const challengeIdentities: Migration = {
  async up(database) {
    for (const column of ['identity', 'identity_email']) {
      await database.schema.alterTable('login_challenges').addColumn(column, 'text').execute()
    }
  }
}
