import { Gauge, type Registry } from 'prom-client'
import type { StoreClock } from './store-clock.ts'

/**
 * A larger difference is logged as a warning. It changes nothing here, but gateways check tokens
 * with their own clocks.
 */
const WORTH_A_WARNING_MS = 2000

/**
 * Shows the difference between this process's clock and Redis' clock, and warns if it is large.
 * @returns a function that checks once, and warns only when the difference becomes large
 */
export function watchClock(
  clock: Pick<StoreClock, 'aheadMs'>,
  options: { metrics: Registry; onFault: (aheadSeconds: number) => void }
): () => Promise<void> {
  new Gauge({
    name: 'auth_redis_clock_ahead_seconds',
    help: 'How far the clock of this process is ahead of the clock of Redis, which decides what has expired',
    aggregator: 'max',
    registers: [options.metrics],
    collect() {
      this.set(clock.aheadMs / 1000)
    }
  })
  let wasFar = false
  return async () => {
    const isFar = Math.abs(clock.aheadMs) > WORTH_A_WARNING_MS
    if (isFar && !wasFar) options.onFault(clock.aheadMs / 1000)
    wasFar = isFar
  }
}
