import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  InsertQueryNode
} from 'kysely'
import { type CallWatch, watchedCall } from '../../telemetry/store-call.ts'
import { operationOf } from './trace-queries.ts'

/** The kinds of calls. `connect` gets a connection from the pool, or opens one. */
export const databaseCalls = [
  'connect',
  'begin',
  'commit',
  'rollback',
  'select',
  'insert',
  'update',
  'delete',
  'other'
] as const
type DatabaseCall = (typeof databaseCalls)[number]

export type DatabaseWatch = {
  /** is called after each call */
  readonly called: CallWatch
  /** is called with inserts when they have taken effect: those of a transaction after its commit */
  readonly inserted: (inserts: readonly CompiledQuery[]) => void
}

/** Reports to a watch what is done with a database. */
export const watchedDialect = (dialect: Dialect, watch: DatabaseWatch): Dialect => ({
  createAdapter: () => dialect.createAdapter(),
  createIntrospector: (database) => dialect.createIntrospector(database),
  createQueryCompiler: () => dialect.createQueryCompiler(),
  createDriver: () => watchedDriver(dialect.createDriver(), watch)
})

function watchedDriver(driver: Driver, { called, inserted }: DatabaseWatch): Driver {
  /** the inserts of the transaction in progress, by connection */
  const inTransaction = new WeakMap<DatabaseConnection, CompiledQuery[]>()
  const watched = new WeakSet<DatabaseConnection>()

  // Changes the connection itself, as Kysely's own log does: the driver must get that object back.
  const watch = (connection: DatabaseConnection): void => {
    const execute = connection.executeQuery.bind(connection)
    connection.executeQuery = async <Row>(query: CompiledQuery, options = {}) => {
      const result = await watchedCall(called, callOf(query), () => execute<Row>(query, options))
      if (InsertQueryNode.is(query.query)) {
        const others = inTransaction.get(connection)
        if (others === undefined) inserted([query])
        else others.push(query)
      }
      return result
    }
    watched.add(connection)
  }

  return {
    init: (options) => driver.init(options),
    destroy: (options) => driver.destroy(options),
    async acquireConnection(options) {
      const connection = await watchedCall(called, 'connect', () =>
        driver.acquireConnection(options)
      )
      if (!watched.has(connection)) watch(connection)
      return connection
    },
    async releaseConnection(connection, options) {
      inTransaction.delete(connection)
      await driver.releaseConnection(connection, options)
    },
    async beginTransaction(connection, settings) {
      await driver.beginTransaction(connection, settings)
      inTransaction.set(connection, [])
    },
    async commitTransaction(connection) {
      await driver.commitTransaction(connection)
      inserted(inTransaction.get(connection) ?? [])
    },
    rollbackTransaction: (connection) => driver.rollbackTransaction(connection)
  }
}

const isCall = (word: string): word is DatabaseCall => databaseCalls.some((call) => call === word)

const CHANGES: Readonly<Record<string, DatabaseCall>> = {
  InsertQueryNode: 'insert',
  UpdateQueryNode: 'update',
  DeleteQueryNode: 'delete'
}

function callOf({ sql, query }: CompiledQuery): DatabaseCall {
  // A query may begin with its common table expressions.
  const word = (CHANGES[query.kind] ?? operationOf(sql)).toLowerCase()
  if (word === 'with') return 'select'
  return isCall(word) ? word : 'other'
}
