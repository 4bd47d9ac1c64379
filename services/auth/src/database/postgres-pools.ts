import type { PostgresPool } from 'kysely'
import pg from 'pg'
import type { PostgresAddress } from './postgres-address.ts'
import type { Way } from './postgres-tls.ts'
import { limitSession, type ServerLimits } from './server-limits.ts'

export type PostgresOptions = {
  readonly address: PostgresAddress
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

export const limitsOf = ({ statementMs }: PostgresOptions): ServerLimits => ({
  statementMs: Math.floor(statementMs * SERVER_SHARE),
  idleTransactionMs: IDLE_TRANSACTION_MS
})

/** Connections to PostgreSQL. */
export type Pools = {
  /** @throws what the server or the network said of it */
  connect(): Promise<pg.PoolClient>
  end(): Promise<void>
  readonly options: PostgresPool['options']
}

/**
 * A pool for each way in which connections may be secured. Where the server does not take the one, the other is tried and kept
 * (libpq's `sslmode` `allow` and `prefer`).
 */
export function postgresPools(options: PostgresOptions): Pools {
  const [first, ...others] = options.address.ways.map((way) => poolOf(options, way))
  if (first === undefined) throw new Error('there is no way to connect')
  const [second] = others
  let current = first
  return {
    options: first.options,
    async connect() {
      const tried = current
      try {
        return await tried.connect()
      } catch (error) {
        const other = tried === first ? second : first
        if (other === undefined || !isAboutSecurity(error)) throw error
        const client = await other.connect()
        current = other
        return client
      }
    },
    async end() {
      await Promise.all([first.end(), second?.end()])
    }
  }
}

/** Servers that demand TLS, or a plain connection, refuse the other (28000, 08P01); those that know no TLS say so before. */
function isAboutSecurity(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(28000|08P01)$/.test(error.code ?? '')
  const { code = '', message = '' } = error as NodeJS.ErrnoException
  return message === NO_TLS || code.startsWith('ERR_SSL') || code === 'EPROTO'
}

/** what pg says of a server that answers a request for TLS with no */
export const NO_TLS = 'The server does not support SSL connections'

function poolOf(options: PostgresOptions, ssl: Way): pg.Pool {
  const { address, poolSize, statementMs } = options
  const limits = limitsOf(options)
  const pool = new pg.Pool({
    connectionString: address.connectionString,
    ssl,
    enableChannelBinding: address.channelBinding,
    max: poolSize,
    connectionTimeoutMillis: Math.floor(statementMs * CONNECT_SHARE),
    query_timeout: statementMs,
    keepAlive: true,
    application_name: 'gatehouse-auth',
    onConnect: (client) => limitSession(client, limits),
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
  return pool
}
