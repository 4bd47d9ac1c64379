import pg from 'pg'

/** The server keeps a plan per name and connection. */
const MOST_NAMES = 64
/** A statement that is sent less often is not worth a plan. */
const OFTEN = 20
/** of the statements that are counted; a list of values makes many different ones */
const MOST_COUNTED = 512

/** A plan that the server no longer has, or may no longer use. */
const PLAN_IS_GONE: ReadonlySet<string> = new Set([
  'RevalidateCachedQuery',
  'FetchPreparedStatement',
  'StorePreparedStatement'
])

/** The names of the statements that this process has sent often. */
export class PreparedStatements {
  readonly #sent = new Map<string, number>()
  readonly #names = new Map<string, string>()
  /** connections whose plans are outdated: a migration has changed a table meanwhile */
  readonly #outdated = new WeakSet<pg.ClientBase>()

  /**
   * Runs a statement, by its name if it is a query that is sent often. Then the server has parsed
   * and planned it before.
   * @throws as `client.query` does
   */
  async ask(client: pg.ClientBase, sql: string, values: unknown[]): Promise<pg.QueryResult> {
    const name = this.#nameFor(client, sql)
    if (name === null) return await client.query(sql, values)
    try {
      return await client.query({ name, text: sql, values })
    } catch (error) {
      if (!isPlanGone(error)) throw error
      this.#outdated.add(client)
      return await client.query(sql, values)
    }
  }

  /** Null for what cannot be repeated without its plan: a change, or a part of a transaction. */
  #nameFor(client: pg.ClientBase, sql: string): string | null {
    if (!sql.startsWith('select') || client.getTransactionStatus() !== 'I') return null
    if (this.#outdated.has(client)) return null
    return this.#names.get(sql) ?? this.#count(sql)
  }

  #count(sql: string): string | null {
    if (this.#names.size === MOST_NAMES) return null
    const sent = this.#sent.get(sql) ?? 0
    if (sent === 0 && this.#sent.size === MOST_COUNTED) return null
    this.#sent.set(sql, sent + 1)
    if (sent + 1 < OFTEN) return null
    const name = `gatehouse_${this.#names.size}`
    this.#names.set(sql, name)
    return name
  }
}

/** The server reports it before it runs anything. */
const isPlanGone = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && PLAN_IS_GONE.has(error.routine ?? '')
