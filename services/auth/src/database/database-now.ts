import { type Kysely, sql } from 'kysely'
import { isPostgres } from './postgres/is-postgres.ts'
import type { Tables } from './tables.ts'

/** The time of the database server, which all instances share. Milliseconds since 1970. */
export async function databaseNow(db: Kysely<Tables>): Promise<number> {
  const now = isPostgres(db)
    ? sql`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`
    : sql`cast(unixepoch('subsec') * 1000 as integer)`
  const { rows } = await sql<{ now: number }>`select ${now} as now`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error('the database has reported no time')
  return row.now
}
