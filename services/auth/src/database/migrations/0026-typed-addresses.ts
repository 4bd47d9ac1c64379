import type { Migration } from 'kysely/migration'

/** Addresses as their owners typed them, for letters; null: not known. */
export const typedAddresses: Migration = {
  async up(database) {
    await database.schema.alterTable('accounts').addColumn('email_typed', 'text').execute()
    await database.schema.alterTable('mail_tokens').addColumn('email_typed', 'text').execute()
  }
}
