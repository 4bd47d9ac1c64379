import { MOST_SKEW_MS } from '@gatehouse/audit-chain/tolerances'
import { type Kysely, sql } from 'kysely'
import { isPostgres } from '../database/postgres/is-postgres.ts'
import type { Tables } from '../database/tables.ts'

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

/**
 * The time of the database server, unless it is too far from that of this process to be right:
 * whoever can write a PostgreSQL database can also change its `search_path`, so that another
 * function says the time. Milliseconds since 1970.
 */
export async function plausibleNow(db: Kysely<Tables>, clock: () => number): Promise<number> {
  const nowMs = await databaseNow(db)
  const ownMs = clock()
  return Math.abs(nowMs - ownMs) <= MOST_SKEW_MS ? nowMs : ownMs
}
