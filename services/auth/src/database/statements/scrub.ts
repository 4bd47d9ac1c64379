import { type Kysely, SqliteAdapter, sql } from 'kysely'
import type { Tables } from '../tables.ts'

/** Overwrites deleted values in SQLite's files, as `truncateLog`. PostgreSQL vacuums by itself. */
export async function scrub(db: Kysely<Tables>): Promise<void> {
  if (!(db.getExecutor().adapter instanceof SqliteAdapter)) return
  await sql`pragma wal_checkpoint(truncate)`.execute(db)
}
