import type { PostgresPool } from 'kysely'
import pg from 'pg'
import { type PasswordOfFile, passwordOfFile } from '../address/password-file.ts'
import type { PostgresAddress } from '../address/postgres-address.ts'
import type { Way } from '../address/postgres-tls.ts'
import { KEPT_CONNECTIONS } from './kept-connections.ts'
import { limitSession, type ServerLimits } from './server-limits.ts'

export type PostgresOptions = {
  readonly address: PostgresAddress
  /** the maximum number of connections */
  readonly poolSize: number
  /** how long one statement may take */
  readonly statementMs: number
  /** is called with a function that returns how the connections are used */
  readonly onOpen?: (figures: () => PoolFigures) => void
}

/** How the connections are used. */
export type PoolFigures = {
  readonly open: number
  /** connections that no call uses */
  readonly idle: number
  /** calls that wait for a connection */
  readonly waiting: number
  /** the maximum number of connections */
  readonly limit: number
}

/**
 * The share for getting a connection from the pool or opening one: 0.5 s, with 0.8 s for a
 * statement.
 */
const CONNECT_SHARE = 0.625
/**
 * The share for a statement at the server. It is less than the limit here, so that the connection
 * is still usable afterwards.
 */
const SERVER_SHARE = 0.9
const IDLE_TRANSACTION_MS = 5000
/** Before a firewall on the path forgets an idle connection: the shortest do after some minutes. */
const KEEP_ALIVE_MS = 60_000

export const limitsOf = ({ statementMs }: PostgresOptions): ServerLimits => ({
  statementMs: Math.floor(statementMs * SERVER_SHARE),
  idleTransactionMs: IDLE_TRANSACTION_MS
})

/** Connections to PostgreSQL. */
export type Pools = {
  /** @throws the error of the server or the network */
  connect(): Promise<pg.PoolClient>
  end(): Promise<void>
  readonly options: PostgresPool['options']
}

/**
 * A pool for each way to secure a connection. If the server refuses one way, the other one is tried
 * and kept (libpq's `sslmode` `allow` and `prefer`).
 */
export function postgresPools(options: PostgresOptions): Pools {
  const { ways, passwordFile } = options.address
  const password = passwordFile === null ? null : passwordOfFile(passwordFile)
  const all = ways.map((way) => poolOf(options, way, password))
  const [first, ...others] = all
  if (first === undefined) throw new Error('there is no way to connect')
  options.onOpen?.(() => figuresOf(all, options.poolSize))
  const [second] = others
  let current = first
  const connect = async (): Promise<pg.PoolClient> => {
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
  }
  return {
    options: first.options,
    connect: () =>
      connect().catch((error) => {
        if (password?.refused(error)) return connect()
        throw error
      }),
    async end() {
      await Promise.all([first.end(), second?.end()])
    }
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)

const figuresOf = (pools: readonly pg.Pool[], limit: number): PoolFigures => ({
  open: sum(pools.map(({ totalCount }) => totalCount)),
  idle: sum(pools.map(({ idleCount }) => idleCount)),
  waiting: sum(pools.map(({ waitingCount }) => waitingCount)),
  limit
})

/**
 * Servers that require TLS, or a plain connection, refuse the other kind (28000, 08P01). Servers
 * without TLS say so earlier.
 */
function isAboutSecurity(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(28000|08P01)$/.test(error.code ?? '')
  const { code = '', message = '' } = error as NodeJS.ErrnoException
  return message === NO_TLS || code.startsWith('ERR_SSL') || code === 'EPROTO'
}

/** pg's message for a server that refuses a request for TLS */
export const NO_TLS = 'The server does not support SSL connections'

function poolOf(options: PostgresOptions, ssl: Way, password: PasswordOfFile | null): pg.Pool {
  const { address, poolSize, statementMs } = options
  const limits = limitsOf(options)
  const pool = new pg.Pool({
    connectionString: address.connectionString,
    ssl,
    ...(password === null ? {} : { Client: password.Client }),
    enableChannelBinding: address.channelBinding,
    max: poolSize,
    min: Math.min(KEPT_CONNECTIONS, poolSize),
    connectionTimeoutMillis: Math.floor(statementMs * CONNECT_SHARE),
    query_timeout: statementMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    application_name: 'gatehouse-auth',
    onConnect: (client) => limitSession(client, limits),
    // 64-bit integers are times and counts here, which fit into a number.
    types: {
      getTypeParser: (oid, format) =>
        oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)
    }
  })
  // A connection that breaks, idle or in use, fails its statement and is replaced. Without a
  // listener, this event would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  if (password !== null) pool.on('connect', password.accepted)
  return pool
}
