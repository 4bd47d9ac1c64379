import type { Tracing } from '@gatehouse/tracing/tracing'
import type { LogEvent } from 'kysely'

const FIRST_WORD = /^\s*([a-z]+)/i

/** The first word of a statement, such as `SELECT`; the rest could contain a value. */
export const operationOf = (sql: string): string =>
  FIRST_WORD.exec(sql)?.[1]?.toUpperCase() ?? 'OTHER'

/** Records a span for each statement that belongs to a request that is traced. */
export function traceQueries(
  { current, call }: Pick<Tracing, 'current' | 'call'>,
  system: 'postgresql' | 'sqlite'
): (event: LogEvent) => void {
  return ({ level, query, queryDurationMillis }) => {
    const span = current()
    if (span === undefined) return
    const operation = operationOf(query.sql)
    const endedMs = performance.now()
    call(span, {
      name: operation,
      startedMs: endedMs - queryDurationMillis,
      endedMs,
      failed: level === 'error',
      attributes: { 'db.system.name': system, 'db.operation.name': operation }
    })
  }
}
