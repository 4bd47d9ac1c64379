import { type ColumnDataType, type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { isPostgres } from './postgres/is-postgres.ts'
import type { Tables } from './tables.ts'

/**
 * for the lock of a table, behind which requests wait: less than a statement of a request may take
 */
export const LOCK_MS = 500

type Index = {
  readonly name: string
  readonly table: keyof Tables & string
  readonly columns: readonly string[]
}

/** A column without a default, so that adding it does not rewrite the table. */
type NewColumn = { readonly name: string; readonly type: ColumnDataType }

type More = {
  /** new columns of the table, which the index may use */
  readonly columns: readonly NewColumn[]
  /** what the migration makes as well */
  readonly also?: (database: Kysely<unknown>) => Promise<void>
}

/** A migration that adds an index to a table that may be large. */
type IndexMigration = Migration & { readonly index: Index; readonly columns: readonly NewColumn[] }

/** The index exists already on PostgreSQL, unless the table is new: `buildOnline` made it. */
export const indexMigration = (
  index: Index,
  { columns, also }: More = { columns: [] }
): IndexMigration => ({
  index,
  columns,
  async up(database) {
    await addColumns(database, index, columns)
    await sql`create index if not exists ${definition(index)}`.execute(database)
    await also?.(database)
  }
})

export const isIndexMigration = (migration: Migration): migration is IndexMigration =>
  'index' in migration

const definition = ({ name, table, columns }: Index) =>
  sql`${sql.id(name)} on ${sql.table(table)} (${sql.join(columns.map((column) => sql.id(column)))})`

/** PostgreSQL may have the columns already. Earlier versions do not notice them. */
async function addColumns(
  database: Kysely<Tables>,
  { table }: Index,
  columns: readonly NewColumn[]
): Promise<void> {
  const unless = isPostgres(database) ? sql`if not exists` : sql``
  for (const { name, type } of columns) {
    await sql`alter table ${sql.table(table)} add column ${unless} ${sql.id(name)} ${sql.raw(type)}`.execute(
      database
    )
  }
}

/**
 * Builds the index while other instances write to the table (PostgreSQL, CREATE INDEX
 * CONCURRENTLY). An index that an interrupted build has left is invalid, and is built again. Does
 * nothing if the table does not exist.
 * @param database not a transaction
 */
export async function buildOnline(
  database: Kysely<Tables>,
  { index, columns }: Pick<IndexMigration, 'index' | 'columns'>
): Promise<void> {
  const before = await stateOf(database, index)
  if (before === 'valid' || before === 'no table') return
  if (columns.length > 0) {
    await database.transaction().execute(async (transaction) => {
      await sql`select set_config('lock_timeout', ${String(LOCK_MS)}, true)`.execute(transaction)
      await addColumns(transaction, index, columns)
    })
  }
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
