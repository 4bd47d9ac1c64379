import pg from 'pg'

/** What the server itself ends, in milliseconds: what a client that gave up or vanished has left behind. */
export type ServerLimits = { readonly statementMs: number; readonly idleTransactionMs: number }

/** Connections whose session is at the server that limits were set for. */
const limited = new WeakSet<pg.ClientBase>()

/**
 * Sets the limits for the session, unless there is a pooler in between: PgBouncer refuses them as parameters of the start, and a
 * session of its transaction mode belongs to others from one transaction to the next. A pooler shows because it greets its clients
 * with the number of a process that is not the server's.
 */
export async function limitSession(client: pg.ClientBase, limits: ServerLimits): Promise<void> {
  const { statementMs, idleTransactionMs } = limits
  const { rowCount } = await client.query(
    `select set_config('statement_timeout', $1, false), set_config('idle_in_transaction_session_timeout', $2, false)
     where pg_backend_pid() = $3`,
    [String(statementMs), String(idleTransactionMs), greetedBy(client)]
  )
  if (rowCount === 1) limited.add(client)
}

/** From BackendKeyData; the types of pg do not know it. */
const greetedBy = (client: pg.ClientBase): unknown => Reflect.get(client, 'processID')

type Ask = (sql: string, values: unknown[]) => Promise<pg.QueryResult>

/**
 * Asks within the limits, also through a pooler: there each transaction begins with them, and a change that is made outside of one is
 * made in one of its own. Without a limit it could wait for a lock for long after the client was told that it failed.
 */
export function askWithin(client: pg.ClientBase, limits: ServerLimits): Ask {
  const ask: Ask = (sql, values) => client.query(sql, values)
  if (limited.has(client)) return ask
  const { statementMs, idleTransactionMs } = limits
  // Several statements in one message: no round trip more.
  const local = `set local statement_timeout = ${statementMs}; set local idle_in_transaction_session_timeout = ${idleTransactionMs}`
  const begin = (sql: string) => ask(`${sql}; ${local}`, [])
  return async (sql, values) => {
    if (/^(begin|start transaction)\b/.test(sql)) return await begin(sql)
    if (isInTransaction(client) || /^(select|commit|rollback)\b/.test(sql)) {
      return await ask(sql, values)
    }
    await begin('begin')
    try {
      const result = await ask(sql, values)
      await ask('commit', [])
      return result
    } catch (error) {
      if (error instanceof pg.DatabaseError) await ask('rollback', [])
      throw error
    }
  }
}

const isInTransaction = (client: pg.ClientBase): boolean => client.getTransactionStatus() !== 'I'
