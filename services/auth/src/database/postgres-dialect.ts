import { Refusal } from '@gatehouse/problem/refusal'
import { PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { databaseUnavailable } from '../refusals.ts'
import { inStoreTime } from '../store-time.ts'
import { isPostgresOutage, leavesConnection } from './postgres-outage.ts'
import { storable } from './storable.ts'

export type PostgresOptions = {
  readonly url: string
  /** connections at most */
  readonly poolSize: number
  /** what one statement may take */
  readonly statementMs: number
}

/** For a connection of the pool, and for a new one to be made: 0.5 s beside a statement's 0.8 s. */
const CONNECT_SHARE = 0.625
/** What a statement may take at the server, less than here: then the connection is still good afterwards. */
const SERVER_SHARE = 0.9
const IDLE_TRANSACTION_MS = 5000

/** Kysely on a pool of connections to PostgreSQL, on which every call ends in bounded time. */
export function postgresDialect(options: PostgresOptions): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    connectionTimeoutMillis: Math.floor(options.statementMs * CONNECT_SHARE),
    query_timeout: options.statementMs,
    statement_timeout: Math.floor(options.statementMs * SERVER_SHARE),
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
    keepAlive: true,
    application_name: 'gatehouse-auth',
    // 64-bit integers are times and counts here, which a number holds.
    types: {
      getTypeParser: (oid, format) =>
        oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)
    }
  })
  // A connection that breaks, in the pool or in use, fails its statement and is replaced; unheard, the event would end the
  // process.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return new PostgresDialect({ pool: telling(pool) })
}

/** The pool, where an outage is told as what it is, and a connection that had one is not used again. */
function telling(pool: pg.Pool): PostgresPool {
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await told(
        () => pool.connect(),
        (late) => late.release()
      )
      let broken = false
      const query = async (sql: string, parameters: readonly unknown[]) => {
        const values = [...storable(parameters)]
        try {
          return await told(() => client.query(sql, values))
        } catch (error) {
          broken ||= !leavesConnection(error instanceof Refusal ? error.cause : error)
          throw error
        }
      }
      // Nothing here streams, so the other form of query, with a cursor, is never asked for.
      return { query, release: () => client.release(broken) } as unknown as PostgresPoolClient
    }
  }
}

/** @throws Refusal UNAVAILABLE where the server is gone, too slow or not in service */
async function told<Result>(
  call: () => Promise<Result>,
  onLate?: (result: Result) => void
): Promise<Result> {
  try {
    return await inStoreTime(call, onLate)
  } catch (error) {
    throw isPostgresOutage(error) ? databaseUnavailable(error) : error
  }
}
