import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The tokens in the links of letters, as digests. The indexes on deliveries are for letters only:
 * one counts what an address was sent lately, the other finds what is soon deleted.
 */
export const mail: Migration = {
  async up(database) {
    await database.schema
      .createTable('mail_tokens')
      .addColumn('digest', 'text', (column) => column.primaryKey())
      .addColumn('purpose', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('email', 'text', (column) => column.notNull())
      .addColumn('password_version', 'integer', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('used_at_ms', 'bigint')
      .execute()
    const indexes = [
      sql`create index mail_tokens_by_subject on mail_tokens (subject)`,
      sql`create index mail_tokens_by_expiry on mail_tokens (expires_at)`,
      sql`create index deliveries_of_mail on deliveries (lane, created_at_ms) where kind = 'mail'`,
      sql`create index deliveries_discarded_mail on deliveries (created_at_ms) where kind = 'mail' and state = 'discarded'`
    ]
    for (const index of indexes) await index.execute(database)
  }
}
