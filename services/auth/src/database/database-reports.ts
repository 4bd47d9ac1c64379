import type { Tracing } from '@gatehouse/tracing/tracing'
import type { DatabaseOptions } from './open-tables.ts'

type Log = { warn(details: object, message: string): void }
export type DatabaseReports = Required<Pick<DatabaseOptions, 'onWaiting' | 'onNewer' | 'tracing'>>

/** The log messages about the database during the start, and the receiver of its spans. */
export const databaseReports = (log: Log, tracing: Tracing | null): DatabaseReports => ({
  onWaiting: (cause) => log.warn({ cause }, 'waiting for the database'),
  onNewer: (migrations) =>
    log.warn({ migrations }, 'a newer version of the auth service has migrated the database'),
  tracing
})
