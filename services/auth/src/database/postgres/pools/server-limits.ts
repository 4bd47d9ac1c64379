import pg from 'pg'
import { PreparedStatements } from './prepared-statements.ts'

/**
 * The limits after which the server itself ends the work of a client that gave up or vanished, in
 * milliseconds.
 */
export type ServerLimits = { readonly statementMs: number; readonly idleTransactionMs: number }

/** Connections that belong to a session of the server itself, so that its limits stay set. */
const limited = new WeakSet<pg.ClientBase>()

/**
 * Sets the limits for the session, unless a pooler is in between: PgBouncer refuses them as startup
 * parameters, and in transaction mode it gives a session to other clients after each transaction. A
 * pooler is recognised by its greeting: it contains a process number that is not the server's.
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

/** From BackendKeyData, which pg's types do not include. */
const greetedBy = (client: pg.ClientBase): unknown => Reflect.get(client, 'processID')

/** Only on connections that no pooler shares: a name belongs to a session of the server. */
const prepared = new PreparedStatements()

type Ask = (sql: string, values: unknown[]) => Promise<pg.QueryResult>

/**
 * Runs a query within the limits. Through a pooler, each transaction begins by setting them, and a
 * change outside a transaction gets a transaction of its own. Without a limit, it could wait for a
 * lock long after the client was told that it had failed.
 */
export function askWithin(client: pg.ClientBase, limits: ServerLimits): Ask {
  if (limited.has(client)) return (sql, values) => prepared.ask(client, sql, values)
  const ask: Ask = (sql, values) => client.query(sql, values)
  const { statementMs, idleTransactionMs } = limits
  // Several statements in one message, which costs no extra round trip.
  const local = `set local statement_timeout = ${statementMs}; set local idle_in_transaction_session_timeout = ${idleTransactionMs}`
  const begin = (sql: string) => ask(`${sql}; ${local}`, [])
  return async (sql, values) => {
    if (/^(begin|start transaction)\b/.test(sql)) return await begin(sql)
    if (isInTransaction(client) || RUNS_ALONE.test(sql)) return await ask(sql, values)
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

/** Needs no limit, or may not be in a transaction (a concurrent build of an index). */
const RUNS_ALONE = /^(select|commit|rollback|(create|create unique|drop) index concurrently)\b/

const isInTransaction = (client: pg.ClientBase): boolean => client.getTransactionStatus() !== 'I'
