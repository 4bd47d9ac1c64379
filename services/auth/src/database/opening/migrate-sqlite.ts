import type { DatabaseSync } from 'node:sqlite'
import { databaseUnavailable } from '../../refusals.ts'
import { isSqliteOutage } from '../sqlite/sqlite-outage.ts'

/**
 * Processes that share the file migrate one after the other. SQLite rolls back a migration that
 * fails.
 */
export async function migrateSqlite<Result>(
  sqlite: DatabaseSync,
  work: () => Promise<Result>
): Promise<Result> {
  begin(sqlite)
  try {
    const result = await work()
    sqlite.exec('commit')
    return result
  } catch (error) {
    if (sqlite.isTransaction) sqlite.exec('rollback')
    throw error
  }
}

/** @throws Refusal UNAVAILABLE if another process has locked the file */
function begin(sqlite: DatabaseSync): void {
  try {
    sqlite.exec('begin immediate')
  } catch (error) {
    throw isSqliteOutage(error) ? databaseUnavailable(error) : error
  }
}
