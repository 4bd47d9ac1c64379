import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Second factors, the codes that replace them, and logins that wait for one. An account has the
 * number of its factors and their version beside the version of its password, because a login is
 * bound to both. A session has how and when its user signed in.
 */
export const secondFactors: Migration = {
  async up(database) {
    await makeTables(database)
    await makeIndexes(database)
    const zero = (name: string) =>
      database.schema
        .alterTable('accounts')
        .addColumn(name, 'integer', (column) => column.notNull().defaultTo(0))
        .execute()
    await zero('factors')
    await zero('factor_version')
    await database.schema
      .alterTable('sessions')
      .addColumn('amr', 'text', (column) => column.notNull().defaultTo('pwd'))
      .execute()
    await database.schema.alterTable('sessions').addColumn('authenticated_at', 'bigint').execute()
  }
}

async function makeTables(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('factors')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('sealed_secret', 'text', (column) => column.notNull())
    .addColumn('last_step', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('confirmed_at', 'bigint')
    .addColumn('used_at', 'bigint')
    .execute()
  await database.schema
    .createTable('recovery_codes')
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('recovery_codes_key', ['subject', 'digest'])
    .execute()
  await database.schema
    .createTable('login_challenges')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('password_version', 'integer', (column) => column.notNull())
    .addColumn('factor_version', 'integer', (column) => column.notNull())
    .addColumn('delivery', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('used_at_ms', 'bigint')
    .execute()
}

async function makeIndexes(database: Kysely<unknown>): Promise<void> {
  await sql`create index factors_by_subject on factors (subject)`.execute(database)
  await sql`create index factors_pending on factors (created_at) where confirmed_at is null`.execute(
    database
  )
  await sql`create index login_challenges_by_subject on login_challenges (subject)`.execute(
    database
  )
  await sql`create index login_challenges_by_expiry on login_challenges (expires_at)`.execute(
    database
  )
}
