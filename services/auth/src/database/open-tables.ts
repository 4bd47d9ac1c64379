import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Tracing } from '@gatehouse/tracing/tracing'
import { type Dialect, Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { databaseUnavailable } from '../refusals.ts'
import { STATEMENT_MS } from './deadlines.ts'
import { buildOnline, isIndexMigration, LOCK_MS } from './index-migration.ts'
import { type MigrationState, migrate, migrationState, pendingMigrations } from './migrate.ts'
import type { PostgresAddress } from './postgres/postgres-address.ts'
import { postgresDialect } from './postgres/postgres-dialect.ts'
import type { PoolFigures } from './postgres/postgres-pools.ts'
import { openSqlite } from './sqlite/open-sqlite.ts'
import { nodeSqliteDialect } from './sqlite/sqlite-dialect.ts'
import { isSqliteOutage } from './sqlite/sqlite-outage.ts'
import type { Tables } from './tables.ts'
import { traceQueries } from './trace-queries.ts'
import { type DatabaseWatch, watchedDialect } from './watched-dialect.ts'
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

/** Observes what is done with the database. */
export type DatabaseMetrics = {
  watch(store: 'postgresql' | 'sqlite'): DatabaseWatch
  pool(figures: () => PoolFigures): void
}

/** for the migrations */
const MIGRATION_MS = 60_000
/** for the build of one index, which other instances do not notice */
const INDEX_MS = 900_000
/** between two attempts to be the instance that migrates */
const TURN_MS = 200
/** the lock of Kysely's migrator, which earlier versions took */
const MIGRATION_LOCK = '3853314791062309107'

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
    const migrateAlone = () => alone(sqlite, () => migrate(database, options.migrations))
    return await orDestroyed(database, async () => tell(await whenThere(migrateAlone, options)))
  }
  const onOpen = metrics?.pool ?? (() => {})
  const dialect = postgresDialect({ address, poolSize, statementMs, onOpen })
  const database = new Kysely<Tables>({
    dialect: watched(dialect, 'postgresql'),
    ...traced('postgresql')
  })
  const migrateInTurn = () => migrated(database, address, options)
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

/** Most starts find nothing to apply, and need no connection with more time for its statements. */
async function migrated(
  database: Kysely<Tables>,
  address: PostgresAddress,
  { migrations, onWaiting }: DatabaseOptions
): Promise<MigrationState> {
  const state = await migrationState(database, migrations)
  if (state.isUpToDate) return state
  const migrating = new Kysely<Tables>({
    dialect: postgresDialect({ address, poolSize: 1, statementMs: MIGRATION_MS })
  })
  try {
    const onOther = () => onWaiting('another auth service is migrating the database')
    return await inTurn(migrating, onOther, async (transaction) => {
      await buildIndexes(address, await pendingMigrations(transaction, migrations))
      return await migrate(transaction, migrations)
    })
  } finally {
    await migrating.destroy()
  }
}

/**
 * Builds the indexes of large tables before the transaction of the migrations needs them, because a
 * transaction can build an index only while nothing writes to the table.
 */
async function buildIndexes(
  address: PostgresAddress,
  pending: readonly Migration[]
): Promise<void> {
  const indexes = pending.filter(isIndexMigration)
  if (indexes.length === 0) return
  const building = new Kysely<Tables>({
    dialect: postgresDialect({ address, poolSize: 1, statementMs: INDEX_MS })
  })
  try {
    for (const migration of indexes) await buildOnline(building, migration)
  } finally {
    await building.destroy()
  }
}

/**
 * Instances migrate one after the other. The lock belongs to the transaction, so that a pooler may
 * be in between. An instance asks for it again and again: a statement that waits for it would have
 * a snapshot, and the build of an index waits for the end of every snapshot.
 */
async function inTurn<Result>(
  database: Kysely<Tables>,
  onOther: () => void,
  work: (database: Kysely<Tables>) => Promise<Result>
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    // A transaction for each attempt: poolers have few connections for those that wait.
    const done = await database.transaction().execute(async (transaction) => {
      if (!(await tryLock(transaction))) return null
      // Requests of other instances wait behind a change that waits for its table.
      await sql`select set_config('lock_timeout', ${String(LOCK_MS)}, true),
        set_config('idle_in_transaction_session_timeout', ${String(INDEX_MS)}, true)`.execute(
        transaction
      )
      return { result: await work(transaction) }
    })
    if (done !== null) return done.result
    if (attempt === 1) onOther()
    await sleep(TURN_MS)
  }
}

async function tryLock(transaction: Kysely<Tables>): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`
    select pg_try_advisory_xact_lock(${sql.lit(BigInt(MIGRATION_LOCK))}) as taken`.execute(
    transaction
  )
  return rows[0]?.taken === true
}

/**
 * Processes that share the file migrate one after the other. SQLite rolls back a migration that
 * fails.
 */
async function alone<Result>(sqlite: DatabaseSync, work: () => Promise<Result>): Promise<Result> {
  begin(sqlite)
  try {
    const result = await work()
    sqlite.exec('commit')
    return result
  } catch (error) {
    if (sqlite.isTransaction) sqlite.exec('rollback')
    throw error
  }
}

/** @throws Refusal UNAVAILABLE if another process has locked the file */
function begin(sqlite: DatabaseSync): void {
  try {
    sqlite.exec('begin immediate')
  } catch (error) {
    throw isSqliteOutage(error) ? databaseUnavailable(error) : error
  }
}
