import type { Registry } from 'prom-client'
import type { StoreMetrics } from '../../telemetry/store-metrics.ts'
import { poolMetrics } from '../postgres/pools/pool-metrics.ts'
import type { PoolFigures } from '../postgres/pools/postgres-pools.ts'
import { type DatabaseWatch, databaseCalls } from './watched-dialect.ts'

/** Observes what is done with the database. */
export type DatabaseMetrics = {
  watch(store: 'postgresql' | 'sqlite'): DatabaseWatch
  pool(figures: () => PoolFigures): void
}

/** The metrics of the database: its calls, the rows that it has inserted, and its pool. */
export const databaseMetrics = (
  metrics: Registry,
  stores: StoreMetrics,
  { inserted }: Pick<DatabaseWatch, 'inserted'>
): DatabaseMetrics => ({
  watch: (store) => ({ called: stores(store, databaseCalls), inserted }),
  pool: (figures) => poolMetrics(metrics, figures)
})
