import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Named operators with the digests of their tokens, and requests that need two of them. */
export const operators: Migration = {
  async up(database) {
    await makeOperators(database)
    await makeApprovals(database)
  }
}

async function makeOperators(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('operators')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('token_digest', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('used_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .execute()
}

async function makeApprovals(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('approvals')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('operation', 'text', (column) => column.notNull())
    .addColumn('request_digest', 'text', (column) => column.notNull())
    .addColumn('request', 'text', (column) => column.notNull())
    .addColumn('requested_by', 'text', (column) => column.notNull())
    .addColumn('requested_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('decided_by', 'text')
    .execute()
  await sql`create index approvals_by_request on approvals (request_digest)`.execute(database)
  await sql`create index approvals_by_expiry on approvals (expires_at)`.execute(database)
}
