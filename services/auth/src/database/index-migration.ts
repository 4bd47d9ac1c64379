import { type ColumnDataType, type Kysely, type RawBuilder, sql } from 'kysely'
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
  /** the index is unique among the rows with this condition */
  readonly uniqueWhere?: RawBuilder<unknown>
}

/** A column without a default, so that adding it does not rewrite the table. */
type NewColumn = { readonly name: string; readonly type: ColumnDataType }

type More = {
  /** new columns of the table, which the index may use */
  readonly columns: readonly NewColumn[]
  /**
   * what must be done before the index can be built; may be repeated
   * @param place the column in which the database has the place of a row
   */
  readonly before?: (database: Kysely<Tables>, place: RawBuilder<unknown>) => Promise<void>
  /** what the migration makes as well */
  readonly also?: (database: Kysely<unknown>) => Promise<void>
}

/** A migration that adds an index to a table that may be large. */
type IndexMigration = Migration & {
  readonly index: Index
  readonly columns: readonly NewColumn[]
  readonly before?: More['before']
}

/** The index exists already on PostgreSQL, unless the table is new: `buildOnline` made it. */
export const indexMigration = (
  index: Index,
  { columns, before, also }: More = { columns: [] }
): IndexMigration => ({
  index,
  columns,
  ...(before === undefined ? {} : { before }),
  async up(database) {
    await addColumns(database, index, columns)
    if (!isPostgres(database) || (await stateOf(database, index)) !== 'valid') {
      await before?.(database, placeOf(database))
    }
    await sql`create ${kindOf(index)} if not exists ${definition(index)}`.execute(database)
    await also?.(database)
  }
})

export const isIndexMigration = (migration: Migration): migration is IndexMigration =>
  'index' in migration

const placeOf = (database: Kysely<Tables>) => (isPostgres(database) ? sql`ctid` : sql`rowid`)

const kindOf = ({ uniqueWhere }: Index) =>
  uniqueWhere === undefined ? sql`index` : sql`unique index`

function definition({ name, table, columns, uniqueWhere }: Index) {
  const where = uniqueWhere === undefined ? sql`` : sql` where ${uniqueWhere}`
  const all = sql.join(columns.map((column) => sql.id(column)))
  return sql`${sql.id(name)} on ${sql.table(table)} (${all})${where}`
}

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
  { index, columns, before }: Pick<IndexMigration, 'index' | 'columns' | 'before'>
): Promise<void> {
  const state = await stateOf(database, index)
  if (state === 'valid' || state === 'no table') return
  if (columns.length > 0) {
    await database.transaction().execute(async (transaction) => {
      await sql`select set_config('lock_timeout', ${String(LOCK_MS)}, true)`.execute(transaction)
      await addColumns(transaction, index, columns)
    })
  }
  if (state === 'invalid') {
    await sql`drop index concurrently ${sql.id(index.name)}`.execute(database)
  }
  await before?.(database, placeOf(database))
  await sql`create ${kindOf(index)} concurrently ${definition(index)}`.execute(database)
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
