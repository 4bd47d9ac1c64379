import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Passkeys, and the challenges that were used. A table of their own: earlier versions read every
 * row of `factors` as an authenticator app. `accounts.factors` counts both.
 */
export const passkeys: Migration = {
  async up(database) {
    await makeTables(database)
    await sql`create unique index passkeys_by_credential on passkeys (credential_id)`.execute(
      database
    )
    await sql`create index passkeys_by_subject on passkeys (subject)`.execute(database)
    await sql`create index used_passkey_challenges_by_expiry on used_passkey_challenges (expires_at)`.execute(
      database
    )
  }
}

async function makeTables(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('passkeys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('credential_id', 'text', (column) => column.notNull())
    .addColumn('public_key', 'text', (column) => column.notNull())
    .addColumn('counter', 'bigint', (column) => column.notNull())
    .addColumn('transports', 'text', (column) => column.notNull())
    .addColumn('aaguid', 'text', (column) => column.notNull())
    .addColumn('backup_eligible', 'integer', (column) => column.notNull())
    .addColumn('backed_up', 'integer', (column) => column.notNull())
    .addColumn('password_version', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('used_at', 'bigint')
    .execute()
  await database.schema
    .createTable('used_passkey_challenges')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
}
