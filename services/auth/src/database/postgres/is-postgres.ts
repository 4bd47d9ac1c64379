import { type Kysely, PostgresAdapter } from 'kysely'
import type { Tables } from '../tables.ts'

/** Whether the database is PostgreSQL, and not SQLite, which runs one transaction at a time. */
export const isPostgres = (on: Kysely<Tables>): boolean =>
  on.getExecutor().adapter instanceof PostgresAdapter
