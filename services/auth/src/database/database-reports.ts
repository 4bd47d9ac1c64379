import type { DatabaseOptions } from './open-tables.ts'

type Log = { warn(details: object, message: string): void }

/** What the log says about the database while the service starts. */
export const databaseReports = (
  log: Log
): Required<Pick<DatabaseOptions, 'onWaiting' | 'onNewer'>> => ({
  onWaiting: (cause) => log.warn({ cause }, 'waiting for the database'),
  onNewer: (migrations) =>
    log.warn({ migrations }, 'a newer version of the auth service has migrated the database')
})
