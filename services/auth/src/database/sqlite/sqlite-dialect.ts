import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { SqliteDialect, type SqliteStatement } from 'kysely'
import { databaseUnavailable } from '../../refusals.ts'
import { storable } from '../statements/storable.ts'
import { isSqliteOutage } from './sqlite-outage.ts'

/**
 * Kysely on node:sqlite: the three calls that its dialect needs. Each statement is prepared once.
 */
export function nodeSqliteDialect(database: DatabaseSync): SqliteDialect {
  const prepared = new Map<string, SqliteStatement>()
  return new SqliteDialect({
    database: {
      close: () => database.close(),
      prepare: (sql) => {
        const statement = prepared.get(sql) ?? told(() => prepare(database, sql))
        prepared.set(sql, statement)
        return statement
      }
    }
  })
}

function prepare(database: DatabaseSync, sql: string): SqliteStatement {
  const statement = database.prepare(sql)
  const bind = (parameters: readonly unknown[]) => storable(parameters) as SQLInputValue[]
  // A failed commit may have ended the transaction (https://sqlite.org/lang_transaction.html §3);
  // then there is nothing to roll back.
  const isDone = () => sql === 'rollback' && !database.isTransaction
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => told(() => statement.all(...bind(parameters))),
    run: (parameters) =>
      isDone()
        ? { changes: 0, lastInsertRowid: 0 }
        : told(() => statement.run(...bind(parameters))),
    iterate: (parameters) => told(() => statement.iterate(...bind(parameters)))
  }
}

/** @throws Refusal UNAVAILABLE if the file cannot be used at the moment */
function told<Result>(call: () => Result): Result {
  try {
    return call()
  } catch (error) {
    throw isSqliteOutage(error) ? databaseUnavailable(error) : error
  }
}
