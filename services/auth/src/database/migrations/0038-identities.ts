import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Accounts at other providers, the logins that came back from one, and what a login has proved
 * before its second factor; null: the password.
 */
export const identities: Migration = {
  async up(database) {
    await makeTables(database)
    const indexes = [
      sql`create unique index identities_by_provider on identities (issuer, provider_subject)`,
      sql`create index identities_by_subject on identities (subject)`,
      sql`create unique index provider_logins_by_state on provider_logins (state_digest)`,
      sql`create index provider_logins_by_expiry on provider_logins (expires_at)`
    ]
    for (const index of indexes) await index.execute(database)
    await database.schema.alterTable('login_challenges').addColumn('amr', 'text').execute()
  }
}

async function makeTables(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('identities')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('issuer', 'text', (column) => column.notNull())
    .addColumn('provider_subject', 'text', (column) => column.notNull())
    .addColumn('email', 'text')
    .addColumn('password_version', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('used_at', 'bigint')
    .execute()
  await database.schema
    .createTable('provider_logins')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('state_digest', 'text', (column) => column.notNull())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('sealed_identity', 'text', (column) => column.notNull())
    .addColumn('code_challenge', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('used_at_ms', 'bigint')
    .execute()
}
