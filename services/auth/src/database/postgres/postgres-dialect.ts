import { Refusal } from '@gatehouse/problem/refusal'
import {
  PostgresAdapter,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient
} from 'kysely'
import pg from 'pg'
import { databaseUnavailable } from '../../refusals.ts'
import { inStoreTime } from '../../store-time.ts'
import { storable } from '../statements/storable.ts'
import {
  limitsOf,
  type Pools,
  type PostgresOptions,
  postgresPools
} from './pools/postgres-pools.ts'
import { askWithin, type ServerLimits } from './pools/server-limits.ts'
import { isPostgresOutage, leavesConnection } from './postgres-outage.ts'

/** Kysely on a pool of connections to PostgreSQL. Every call ends in bounded time. */
export const postgresDialect = (options: PostgresOptions): PostgresDialect =>
  new PooledDialect({ pool: reportingPool(postgresPools(options), limitsOf(options)) })

class PooledDialect extends PostgresDialect {
  override createAdapter(): PostgresAdapter {
    return new PooledAdapter()
  }
}

/**
 * Kysely's own lock belongs to a session, and a pooler may give the session to others. `migrate`
 * takes a lock that belongs to its transaction.
 */
class PooledAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

/** The pool. It reports an outage as an outage, and does not reuse a connection that had one. */
function reportingPool(pools: Pools, limits: ServerLimits): PostgresPool {
  return {
    options: pools.options,
    end: () => pools.end(),
    async connect() {
      const client = await storeCall(
        () => pools.connect(),
        (late) => late.release()
      )
      const ask = askWithin(client, limits)
      let broken = false
      let aborting: unknown
      const query = async (sql: string, parameters: readonly unknown[]) => {
        const values = [...storable(parameters)]
        try {
          return await storeCall(() => ask(sql, values))
        } catch (error) {
          broken ||= !leavesConnection(error instanceof Refusal ? error.cause : error)
          // In a failed transaction, every later statement only reports that it has failed. The
          // first error contains the cause.
          if (!isAborted(error)) aborting = error
          throw aborting ?? error
        }
      }
      // Nothing here streams, so the form of `query` with a cursor is not needed.
      return { query, release: () => client.release(broken) } as unknown as PostgresPoolClient
    }
  }
}

/** in_failed_sql_transaction (PostgreSQL, appendix A) */
const isAborted = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '25P02'

/** @throws Refusal UNAVAILABLE if the server is gone, too slow or not in service */
async function storeCall<Result>(
  call: () => Promise<Result>,
  onLate?: (result: Result) => void
): Promise<Result> {
  try {
    return await inStoreTime(call, onLate)
  } catch (error) {
    throw isPostgresOutage(error) ? databaseUnavailable(error) : error
  }
}
