import type { DatabaseSync } from 'node:sqlite'
import { storeUnavailable } from '../../refusals.ts'
import { isSqliteOutage } from './sqlite-outage.ts'

/**
 * Runs work on the embedded session store. If the work fails in a transaction, nothing of it stays.
 * @throws Refusal UNAVAILABLE if the file cannot be used at the moment
 */
export function onSqlite<Result>(database: DatabaseSync, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (database.isTransaction) database.exec('rollback')
    throw isSqliteOutage(error) ? storeUnavailable(error) : error
  }
}

/** The same in one transaction, which no other process can interrupt. */
export const inTransaction = <Result>(database: DatabaseSync, work: () => Result): Result =>
  onSqlite(database, () => {
    database.exec('begin immediate')
    const result = work()
    database.exec('commit')
    return result
  })
