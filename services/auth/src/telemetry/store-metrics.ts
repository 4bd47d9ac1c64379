import { isUnavailable } from '@gatehouse/problem/refusal'
import { Durations } from '@gatehouse/process/durations'
import { Counter, type Registry } from 'prom-client'
import type { CallWatch } from './store-call.ts'

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** A store in which the auth service keeps its state. */
export type StoreName = 'postgresql' | 'sqlite' | 'redis'

/** Starts to watch a store that has these calls. */
export type StoreMetrics = (store: StoreName, calls: readonly string[]) => CallWatch

/** Counts and times the calls of the stores. */
export function storeMetrics(metrics: Registry): StoreMetrics {
  const registers = [metrics]
  const duration = new Durations({
    name: 'auth_store_call_duration_seconds',
    help: 'How long calls of a store took, including those that failed',
    labelNames: ['store', 'call'],
    buckets: SECONDS,
    registers
  })
  const errors = new Counter({
    name: 'auth_store_call_errors_total',
    help: 'Calls that a store did not answer in time, or refused because it cannot work',
    labelNames: ['store', 'call'],
    registers
  })
  return (store, calls) => {
    // Without a zero, `increase()` of Prometheus does not see the first error of a process.
    for (const call of calls) errors.inc({ store, call }, 0)
    return (call, seconds, error) => {
      duration.note(`${store} ${call}`, seconds, () => ({ store, call }))
      if (isUnavailable(error)) errors.inc({ store, call })
    }
  }
}
