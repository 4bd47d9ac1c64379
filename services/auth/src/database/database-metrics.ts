import type { Registry } from 'prom-client'
import type { StoreMetrics } from '../telemetry/store-metrics.ts'
import type { DatabaseMetrics } from './open-tables.ts'
import { poolMetrics } from './postgres/pool-metrics.ts'
import { type DatabaseWatch, databaseCalls } from './watched-dialect.ts'

/** The metrics of the database: its calls, the rows that it has inserted, and its pool. */
export const databaseMetrics = (
  metrics: Registry,
  stores: StoreMetrics,
  { inserted }: Pick<DatabaseWatch, 'inserted'>
): DatabaseMetrics => ({
  watch: (store) => ({ called: stores(store, databaseCalls), inserted }),
  pool: (figures) => poolMetrics(metrics, figures)
})
