import { type Kysely, sql } from 'kysely'
import { indexMigration } from '../index-migration.ts'

/**
 * The chain of the audit log: each event gets a number, a digest, and a salted digest of its
 * address, after it was written. Events without a number wait for theirs, which the index finds.
 */
export const auditChain = indexMigration(
  { name: 'audit_events_by_seq', table: 'audit_events', columns: ['seq', 'at_ms'] },
  {
    columns: [
      { name: 'seq', type: 'bigint' },
      { name: 'digest', type: 'text' },
      { name: 'address_salt', type: 'text' },
      { name: 'address_digest', type: 'text' },
      { name: 'operator', type: 'text' }
    ],
    also: makeTables
  }
)

async function makeTables(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('audit_chain')
    .addColumn('one', 'integer', (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('anchor_seq', 'bigint', (column) => column.notNull())
    .addColumn('anchor_digest', 'text', (column) => column.notNull())
    .addColumn('signing_until_ms', 'bigint', (column) => column.notNull())
    .execute()
  await sql`insert into audit_chain values (1, 0, '', 0, '', 0)`.execute(database)
  await database.schema
    .createTable('audit_heads')
    .addColumn('number', 'bigint', (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('intact', 'integer', (column) => column.notNull())
    .addColumn('issuer', 'text', (column) => column.notNull())
    .addColumn('previous', 'text', (column) => column.notNull())
    .addColumn('kid', 'text', (column) => column.notNull())
    .addColumn('jws', 'text', (column) => column.notNull())
    .execute()
}
