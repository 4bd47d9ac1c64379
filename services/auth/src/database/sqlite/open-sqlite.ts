import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartFault } from '@gatehouse/process/start-fault'
import { fileFault } from '@gatehouse/settings/file-fault'

/** while it waits, the whole process waits */
const BUSY_TIMEOUT_MS = 250

/**
 * Opens an embedded database. Committed data survives a killed process.
 * @throws StartFault if the file cannot be used
 */
export function openSqlite(file: string): DatabaseSync {
  try {
    if (file !== ':memory:') {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      // SQLite would create it readable by others. Its other files get the mode of this one.
      closeSync(openSync(file, 'a', 0o600))
    }
    const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
    database.exec(
      'pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on; pragma secure_delete = on'
    )
    return database
  } catch (error) {
    const reason = fileFault(error) ?? sqliteFault(error)
    if (reason === null) throw error
    throw new StartFault(`GATEHOUSE_DATA_DIR: cannot use ${file}: ${reason}`)
  }
}

/**
 * Moves the contents of the write-ahead log into the file and empties the log, which otherwise
 * keeps deleted values (`secure_delete` overwrites them only in the file). Does nothing while
 * another process reads.
 */
export function truncateLog(database: DatabaseSync): void {
  database.exec('pragma wal_checkpoint(truncate)')
}

/** SQLite's message, such as "file is not a database"; null if it is another error. */
const sqliteFault = (error: unknown): string | null =>
  error instanceof Error && 'errcode' in error ? error.message : null
