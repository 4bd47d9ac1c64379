import { clockWarning } from '@gatehouse/redis/clock-warning'
import { Gauge, type Registry } from 'prom-client'
import type { StoreClock } from './store-clock.ts'

/**
 * Shows the difference between this process's clock and Redis' clock, and warns if it is large. It
 * changes nothing here, but gateways check tokens with their own clocks.
 * @returns a function that checks once, and warns only when the difference becomes large
 */
export function watchClock(
  clock: Pick<StoreClock, 'aheadMs'>,
  { log, metrics }: { readonly log: Parameters<typeof clockWarning>[0]; readonly metrics: Registry }
): () => Promise<void> {
  new Gauge({
    name: 'auth_redis_clock_ahead_seconds',
    help: 'How far the clock of this process is ahead of the clock of Redis, which decides what has expired',
    aggregator: 'max',
    registers: [metrics],
    collect() {
      this.set(clock.aheadMs / 1000)
    }
  })
  const note = clockWarning(log)
  return async () => note(clock.aheadMs)
}
