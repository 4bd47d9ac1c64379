import type { Kysely } from 'kysely'
import type { Ports } from '../ports.ts'
import type { DatabaseConfig } from './database-settings.ts'
import { type DatabaseStatus, databaseStatus } from './database-status.ts'
import { openTables } from './opening/open-tables.ts'
import { whenThere } from './opening/when-there.ts'
import type { Tables } from './tables.ts'
import { databaseMetrics } from './watching/database-metrics.ts'
import type { DatabaseWatch } from './watching/watched-dialect.ts'

/**
 * What must not be lost: accounts, clients, keys, the audit log, and which sessions were opened and
 * ended.
 */
export type Database = {
  readonly tables: Kysely<Tables>
  readonly status: DatabaseStatus
  /**
   * Does a part of the start, and repeats it while the database does not answer, as `whenThere`.
   */
  whenThere<Result>(work: () => Promise<Result>): Promise<Result>
}

/** @throws StartFault as `openTables` */
export async function openDatabase(
  config: DatabaseConfig & { readonly GATEHOUSE_DATA_DIR: string },
  ports: Pick<Ports, 'log' | 'tracing' | 'registry' | 'storeMetrics' | 'closing'> &
    Pick<DatabaseWatch, 'inserted'>
): Promise<Database> {
  const { log, tracing, registry, storeMetrics, closing } = ports
  const waiting = {
    address: config.database,
    waitSeconds: config.DATABASE_WAIT_SECONDS,
    onWaiting: (cause: string) => log.warn({ cause }, 'waiting for the database')
  }
  const tables = await openTables({
    ...waiting,
    folder: config.GATEHOUSE_DATA_DIR,
    poolSize: config.DATABASE_POOL_SIZE,
    statementMs: config.DATABASE_TIMEOUT_MS,
    onNewer: (migrations) =>
      log.warn({ migrations }, 'a newer version of the auth service has migrated the database'),
    tracing,
    metrics: databaseMetrics(registry, storeMetrics, ports)
  })
  closing.defer(() => tables.destroy())
  return {
    tables,
    status: databaseStatus(tables),
    whenThere: (work) => whenThere(work, waiting)
  }
}
