import { join } from 'node:path'
import type { Tracing } from '@gatehouse/tracing/tracing'
import { type Dialect, Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { type MigrationState, migrate } from '../migrate.ts'
import { postgresDialect } from '../postgres/postgres-dialect.ts'
import { openSqlite } from '../sqlite/open-sqlite.ts'
import { nodeSqliteDialect } from '../sqlite/sqlite-dialect.ts'
import { STATEMENT_MS } from '../statements/deadlines.ts'
import type { Tables } from '../tables.ts'
import type { DatabaseMetrics } from '../watching/database-metrics.ts'
import { traceQueries } from '../watching/trace-queries.ts'
import { watchedDialect } from '../watching/watched-dialect.ts'
import { migratePostgres } from './migrate-postgres.ts'
import { migrateSqlite } from './migrate-sqlite.ts'
import { type Waiting, whenThere } from './when-there.ts'

export type DatabaseOptions = Waiting & {
  readonly folder: string
  readonly poolSize: number
  /** how long a statement of PostgreSQL may take while a request waits */
  readonly statementMs?: number
  /** is called with migrations that only a newer version knows */
  readonly onNewer?: (migrations: readonly string[]) => void
  /** records the statements of traced requests */
  readonly tracing?: Pick<Tracing, 'current' | 'call'> | null
  readonly metrics?: DatabaseMetrics | null
  /** the migrations of this version, unless a test passes others */
  readonly migrations?: Readonly<Record<string, Migration>>
}

/**
 * Opens the durable tables and migrates them. If several instances start together, one of them
 * migrates.
 * @throws StartFault if the database does not answer in time, or reports an error that waiting
 * cannot fix
 */
export async function openTables(options: DatabaseOptions): Promise<Kysely<Tables>> {
  const { address, folder, poolSize, statementMs = STATEMENT_MS } = options
  const { tracing = null, metrics = null } = options
  const traced = (system: 'postgresql' | 'sqlite') =>
    tracing === null ? {} : { log: traceQueries(tracing, system) }
  const watched = (dialect: Dialect, system: 'postgresql' | 'sqlite') =>
    metrics === null ? dialect : watchedDialect(dialect, metrics.watch(system))
  const tell = ({ newer }: MigrationState): void => {
    if (newer.length > 0) options.onNewer?.(newer)
  }
  if (address === null) {
    const sqlite = openSqlite(join(folder, 'accounts.sqlite'))
    const database = new Kysely<Tables>({
      dialect: watched(nodeSqliteDialect(sqlite), 'sqlite'),
      ...traced('sqlite')
    })
    const migrateAlone = () => migrateSqlite(sqlite, () => migrate(database, options.migrations))
    return await orDestroyed(database, async () => tell(await whenThere(migrateAlone, options)))
  }
  const onOpen = metrics?.pool ?? (() => {})
  const dialect = postgresDialect({ address, poolSize, statementMs, onOpen })
  const database = new Kysely<Tables>({
    dialect: watched(dialect, 'postgresql'),
    ...traced('postgresql')
  })
  const migrateInTurn = () => migratePostgres(database, address, options)
  return await orDestroyed(database, async () => tell(await whenThere(migrateInTurn, options)))
}

/** Leaves no connection and no file open if the start fails. */
async function orDestroyed(
  database: Kysely<Tables>,
  work: () => Promise<void>
): Promise<Kysely<Tables>> {
  try {
    await work()
    return database
  } catch (error) {
    await database.destroy().catch(() => {})
    throw error
  }
}
