import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Sessions of operators in the console, and links that open one. */
export const operatorSessions: Migration = {
  async up(database) {
    await makeSessions(database)
    await makeLinks(database)
  }
}

async function makeSessions(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('operator_sessions')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('token_digest', 'text', (column) => column.notNull())
    .addColumn('used_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
  await sql`create index operator_sessions_by_expiry on operator_sessions (expires_at)`.execute(
    database
  )
}

async function makeLinks(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('operator_links')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('token_digest', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
  await sql`create index operator_links_by_expiry on operator_links (expires_at)`.execute(database)
}
