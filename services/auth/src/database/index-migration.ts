import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Tables } from './tables.ts'

type Index = {
  readonly name: string
  readonly table: keyof Tables & string
  readonly columns: readonly string[]
}

/** A migration that only adds an index to a table that may be large. */
type IndexMigration = Migration & { readonly index: Index }

/** The index exists already on PostgreSQL, unless the table is new: `buildOnline` made it. */
export const indexMigration = (index: Index): IndexMigration => ({
  index,
  async up(database) {
    await sql`create index if not exists ${definition(index)}`.execute(database)
  }
})

export const isIndexMigration = (migration: Migration): migration is IndexMigration =>
  'index' in migration

const definition = ({ name, table, columns }: Index) =>
  sql`${sql.id(name)} on ${sql.table(table)} (${sql.join(columns.map((column) => sql.id(column)))})`

/**
 * Builds the index while other instances write to the table (PostgreSQL, CREATE INDEX
 * CONCURRENTLY). An index that an interrupted build has left is invalid, and is built again. Does
 * nothing if the table does not exist.
 * @param database not a transaction
 */
export async function buildOnline(database: Kysely<Tables>, index: Index): Promise<void> {
  const before = await stateOf(database, index)
  if (before === 'valid' || before === 'no table') return
  if (before === 'invalid') {
    await sql`drop index concurrently ${sql.id(index.name)}`.execute(database)
  }
  await sql`create index concurrently ${definition(index)}`.execute(database)
}

type IndexState = 'valid' | 'invalid' | 'missing' | 'no table'

async function stateOf(database: Kysely<Tables>, { name, table }: Index): Promise<IndexState> {
  const { rows } = await sql<{ table: boolean; valid: boolean | null }>`
    select to_regclass(${table}) is not null as table,
      (select indisvalid from pg_index where indexrelid = to_regclass(${name})) as valid`.execute(
    database
  )
  const [found] = rows
  if (found?.table !== true) return 'no table'
  if (found.valid === null) return 'missing'
  return found.valid ? 'valid' : 'invalid'
}
