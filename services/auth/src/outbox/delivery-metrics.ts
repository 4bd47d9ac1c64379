import type { Kysely } from 'kysely'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Tables } from '../database/tables.ts'
import type { DeliveryOutcome } from './attempts/attempt-delivery.ts'
import type { DeliveryClocks, DeliveryKind } from './delivery.ts'
import { countDeliveries, oldestPending } from './delivery-counts.ts'

const outcomes: readonly DeliveryOutcome[] = ['delivered', 'failed', 'dead', 'discarded']
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
  { clock, monotonicClock }: DeliveryClocks
) {
  const { attempts, duration, pending, dead, oldest } = sharedMetrics(metrics)
  for (const outcome of outcomes) attempts.inc({ kind, outcome }, 0)
  let dueAtMs = Number.NEGATIVE_INFINITY
  return {
    attempted(outcome: DeliveryOutcome, seconds: number): void {
      attempts.inc({ kind, outcome })
      duration.observe({ kind }, seconds)
    },
    /** Reads the gauges from the table, every few seconds. */
    async count(): Promise<void> {
      if (monotonicClock() < dueAtMs) return
      pending.set({ kind }, await countDeliveries(db, kind, 'pending', MOST_COUNTED))
      dead.set({ kind }, await countDeliveries(db, kind, 'dead', MOST_COUNTED))
      const queuedAtMs = await oldestPending(db, kind)
      oldest.set({ kind }, queuedAtMs === null ? 0 : (clock() - queuedAtMs) / 1000)
      dueAtMs = monotonicClock() + COUNT_MS
    }
  }
}

/** The metrics of each registry, which all kinds share. */
const known = new WeakMap<Registry, ReturnType<typeof newMetrics>>()

function sharedMetrics(registry: Registry): ReturnType<typeof newMetrics> {
  const metrics = known.get(registry) ?? newMetrics(registry)
  known.set(registry, metrics)
  return metrics
}

const newMetrics = (registry: Registry) => ({
  ...attemptMetrics(registry),
  ...queueGauges(registry)
})

const attemptMetrics = (metrics: Registry) => ({
  attempts: new Counter({
    name: 'auth_delivery_attempts_total',
    help: 'Attempts to deliver a message of the outbox, by outcome; dead: the last one failed',
    labelNames: ['kind', 'outcome'],
    registers: [metrics]
  }),
  duration: new Histogram({
    name: 'auth_delivery_attempt_duration_seconds',
    help: 'How long an attempt to deliver a message took',
    labelNames: ['kind'],
    buckets: SECONDS,
    registers: [metrics]
  })
})

/** Each instance reads them from the same table, so they are not added up. */
const queueGauges = (metrics: Registry) => ({
  pending: new Gauge({
    name: 'auth_deliveries_pending',
    help: `Messages that wait for their delivery, up to ${MOST_COUNTED}`,
    labelNames: ['kind'],
    aggregator: 'max',
    registers: [metrics]
  }),
  dead: new Gauge({
    name: 'auth_deliveries_dead',
    help: `Messages whose attempts have all failed, up to ${MOST_COUNTED}`,
    labelNames: ['kind'],
    aggregator: 'max',
    registers: [metrics]
  }),
  oldest: new Gauge({
    name: 'auth_delivery_oldest_pending_seconds',
    help: 'How long the oldest message has waited for its delivery',
    labelNames: ['kind'],
    aggregator: 'max',
    registers: [metrics]
  })
})
