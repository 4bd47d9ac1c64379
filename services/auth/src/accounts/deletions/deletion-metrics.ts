import type { Kysely } from 'kysely'
import { Gauge, type Registry } from 'prom-client'
import type { Tables } from '../../database/tables.ts'
import { overdueSeconds } from './coming-deletions.ts'

type Clocks = {
  /** milliseconds since 1970 */
  readonly clock: () => number
  /** in milliseconds, never set back */
  readonly monotonicClock: () => number
}

/** between two reads of the table */
const READ_MS = 15_000

/** Returns what reads whether a deletion is overdue, every few seconds. */
export function deletionMetrics(
  metrics: Registry,
  db: Kysely<Tables>,
  { clock, monotonicClock }: Clocks
): () => Promise<void> {
  const overdue = new Gauge({
    name: 'auth_account_deletion_overdue_seconds',
    help: 'For how long the deletion of an account has been due; the longest, 0 if none is',
    aggregator: 'max',
    registers: [metrics]
  })
  let dueAtMs = Number.NEGATIVE_INFINITY
  return async () => {
    if (monotonicClock() < dueAtMs) return
    overdue.set(await overdueSeconds(db, Math.floor(clock() / 1000)))
    dueAtMs = monotonicClock() + READ_MS
  }
}
