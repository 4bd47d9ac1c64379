import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Invitations to register. Only the digest of the secret is stored. */
export const invitations: Migration = {
  async up(database) {
    await database.schema
      .createTable('invitations')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('secret_digest', 'text', (column) => column.notNull().unique())
      .addColumn('email', 'text')
      .addColumn('roles', 'text')
      .addColumn('scope', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('used_at', 'bigint')
      .addColumn('used_by', 'text')
      .addColumn('revoked_at', 'bigint')
      .execute()
    await sql`create index invitations_by_expiry on invitations (expires_at)`.execute(database)
  }
}
