import type { Migration } from 'kysely/migration'

/** A hash of both passwords of the last change, which recognises a repeat of its request. */
export const passwordChangeRequests: Migration = {
  async up(database) {
    await database.schema
      .alterTable('accounts')
      .addColumn('password_change_request', 'text')
      .execute()
  }
}
