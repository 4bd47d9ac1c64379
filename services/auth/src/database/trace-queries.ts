import type { Tracing } from '@gatehouse/tracing/tracing'
import type { LogEvent } from 'kysely'

/** The first word of a statement, such as `select`; the rest could contain a value. */
const OPERATION = /^\s*([a-z]+)/i

/** Records a span for each statement that belongs to a request that is traced. */
export function traceQueries(
  { current, call }: Pick<Tracing, 'current' | 'call'>,
  system: 'postgresql' | 'sqlite'
): (event: LogEvent) => void {
  return ({ level, query, queryDurationMillis }) => {
    const span = current()
    if (span === undefined) return
    const operation = OPERATION.exec(query.sql)?.[1]?.toUpperCase() ?? 'OTHER'
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
