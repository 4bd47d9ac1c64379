import type { DatabaseOptions } from './open-tables.ts'

type Log = { warn(details: object, message: string): void }

/** The log messages about the database during the start. */
export const databaseReports = (
  log: Log
): Required<Pick<DatabaseOptions, 'onWaiting' | 'onNewer'>> => ({
  onWaiting: (cause) => log.warn({ cause }, 'waiting for the database'),
  onNewer: (migrations) =>
    log.warn({ migrations }, 'a newer version of the auth service has migrated the database')
})
