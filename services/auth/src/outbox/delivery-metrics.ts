import type { Kysely } from 'kysely'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Tables } from '../database/tables.ts'
import type { DeliveryOutcome } from './deliverer.ts'
import type { DeliveryKind } from './delivery.ts'

const outcomes: readonly DeliveryOutcome[] = ['delivered', 'failed', 'dead']
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** between two counts of the table */
const COUNT_MS = 15_000
/** a count stops here, so that it stays cheap */
const MOST_COUNTED = 100_000

/** What is delivered, and what waits. */
export function deliveryMetrics(
  metrics: Registry,
  db: Kysely<Tables>,
  kind: DeliveryKind,
  clock: () => number
) {
  const registers = [metrics]
  const attempts = new Counter({
    name: 'auth_delivery_attempts_total',
    help: 'Attempts to deliver a message of the outbox, by outcome; dead: the last one failed',
    labelNames: ['kind', 'outcome'],
    registers
  })
  for (const outcome of outcomes) attempts.inc({ kind, outcome }, 0)
  const duration = new Histogram({
    name: 'auth_delivery_attempt_duration_seconds',
    help: 'How long an attempt to deliver a message took',
    labelNames: ['kind'],
    buckets: SECONDS,
    registers
  })
  const pending = new Gauge({
    name: 'auth_deliveries_pending',
    help: `Messages that wait for their delivery, up to ${MOST_COUNTED}`,
    labelNames: ['kind'],
    aggregator: 'max',
    registers
  })
  const dead = new Gauge({
    name: 'auth_deliveries_dead',
    help: `Messages whose attempts have all failed, up to ${MOST_COUNTED}`,
    labelNames: ['kind'],
    aggregator: 'max',
    registers
  })
  const oldest = new Gauge({
    name: 'auth_delivery_oldest_pending_seconds',
    help: 'How long the oldest message has waited for its delivery',
    labelNames: ['kind'],
    aggregator: 'max',
    registers
  })
  let dueAtMs = 0
  const ofState = (state: 'pending' | 'dead') =>
    db.selectFrom('deliveries').where('kind', '=', kind).where('state', '=', state)
  const countOf = async (state: 'pending' | 'dead'): Promise<number> => {
    const { count } = await db
      .selectFrom(ofState(state).select('position').limit(MOST_COUNTED).as('some'))
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return count
  }
  return {
    attempted(outcome: DeliveryOutcome, seconds: number): void {
      attempts.inc({ kind, outcome })
      duration.observe({ kind }, seconds)
    },
    /** Reads the gauges from the table, every few seconds. */
    async count(): Promise<void> {
      if (clock() < dueAtMs) return
      pending.set({ kind }, await countOf('pending'))
      dead.set({ kind }, await countOf('dead'))
      const first = await ofState('pending')
        .select('created_at_ms')
        .orderBy('position')
        .limit(1)
        .executeTakeFirst()
      oldest.set({ kind }, first === undefined ? 0 : (clock() - first.created_at_ms) / 1000)
      dueAtMs = clock() + COUNT_MS
    }
  }
}
