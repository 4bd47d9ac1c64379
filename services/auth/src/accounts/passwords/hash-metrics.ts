import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { LATENCY_SECONDS } from '../../telemetry/latency-seconds.ts'
import type { HashQueueWatch } from './hash-queue.ts'

/** Passwords that wait for a thread. */
export function hashMetrics(registry: Registry): HashQueueWatch {
  const registers = [registry]
  const waiting = new Gauge({
    name: 'auth_password_hashes_waiting',
    help: 'Password hashes that wait for a thread',
    registers
  })
  const wait = new Histogram({
    name: 'auth_password_hash_wait_seconds',
    help: 'How long a password hash waited for a thread',
    buckets: LATENCY_SECONDS,
    registers
  })
  const refused = new Counter({
    name: 'auth_password_hashes_refused_total',
    help: 'Password hashes that were refused because too many waited',
    registers
  })
  return {
    waiting: (count) => waiting.set(count),
    waited: (seconds) => wait.observe(seconds),
    refused: () => refused.inc()
  }
}
