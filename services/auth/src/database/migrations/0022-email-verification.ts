import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * When the owner of an address proved it. A token can belong to a page that asked for it, and carry
 * what becomes an account, sealed. A letter has the digest of its address apart from its lane:
 * whether an earlier one waits must not change the work of a request. The last index finds
 * addresses that accounts can have back.
 */
export const emailVerification: Migration = {
  async up(database) {
    await database.schema.alterTable('accounts').addColumn('email_verified_at', 'bigint').execute()
    await database.schema.alterTable('mail_tokens').addColumn('page_digest', 'text').execute()
    await database.schema
      .alterTable('mail_tokens')
      .addColumn('payload', 'text', (column) => column.notNull().defaultTo(''))
      .execute()
    await database.schema.alterTable('deliveries').addColumn('recipient', 'text').execute()
    await sql`drop index deliveries_of_mail`.execute(database)
    await sql`create index deliveries_of_mail on deliveries (recipient, created_at_ms) where kind = 'mail'`.execute(
      database
    )
    await sql`create index mail_tokens_of_undo on mail_tokens (email) where purpose = 'email-undo'`.execute(
      database
    )
  }
}
