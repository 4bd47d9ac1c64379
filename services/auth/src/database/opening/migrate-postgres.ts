import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { buildOnline, isIndexMigration, LOCK_MS } from '../index-migration.ts'
import { type MigrationState, migrate, migrationState, pendingMigrations } from '../migrate.ts'
import type { PostgresAddress } from '../postgres/address/postgres-address.ts'
import { postgresDialect } from '../postgres/postgres-dialect.ts'
import type { Tables } from '../tables.ts'
import type { Waiting } from './when-there.ts'

/** for the migrations */
const MIGRATION_MS = 60_000
/** for the build of one index, which other instances do not notice */
const INDEX_MS = 900_000
/** between two attempts to be the instance that migrates */
const TURN_MS = 200
/** the lock of Kysely's migrator, which earlier versions took */
const MIGRATION_LOCK = '3853314791062309107'

type MigrationOptions = Pick<Waiting, 'onWaiting'> & {
  readonly migrations?: Readonly<Record<string, Migration>>
}

/**
 * Migrates PostgreSQL. Most starts find nothing to apply, and need no connection with more time for
 * its statements.
 */
export async function migratePostgres(
  database: Kysely<Tables>,
  address: PostgresAddress,
  { migrations, onWaiting }: MigrationOptions
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
