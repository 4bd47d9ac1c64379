import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
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
        const statement = prepared.get(sql) ?? storeCall(() => prepare(database, sql))
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
    all: (parameters) => storeCall(() => rowsOf(database, statement, sql, bind(parameters))),
    run: (parameters) =>
      isDone()
        ? { changes: 0, lastInsertRowid: 0 }
        : storeCall(() => statement.run(...bind(parameters))),
    iterate: (parameters) => storeCall(() => statement.iterate(...bind(parameters)))
  }
}

/**
 * A person who can write the file can store integers that are no exact number, which node:sqlite
 * refuses to read. They are rounded, as those of PostgreSQL are, so that the verification of the
 * audit log can report them.
 */
function rowsOf(
  database: DatabaseSync,
  statement: StatementSync,
  sql: string,
  values: SQLInputValue[]
): unknown[] {
  try {
    return statement.all(...values)
  } catch (error) {
    if (!isTooLarge(error) || !sql.startsWith('select')) throw error
    const exact = database.prepare(sql)
    exact.setReadBigInts(true)
    return exact.all(...values).map((row) => {
      const members = Object.entries(row)
      return Object.fromEntries(
        members.map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value])
      )
    })
  }
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE'

/** @throws Refusal UNAVAILABLE if the file cannot be used at the moment */
function storeCall<Result>(call: () => Result): Result {
  try {
    return call()
  } catch (error) {
    throw isSqliteOutage(error) ? databaseUnavailable(error) : error
  }
}
