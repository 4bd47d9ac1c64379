import type { Registry } from 'prom-client'
import type { AuditMetrics } from '../audit/audit-metrics.ts'
import type { StoreMetrics } from '../telemetry/store-metrics.ts'
import type { DatabaseMetrics } from './open-tables.ts'
import { poolMetrics } from './pool-metrics.ts'
import { databaseCalls } from './watched-dialect.ts'

/** What the database tells: its calls, the audit events that it has, and its pool. */
export const databaseMetrics = (
  metrics: Registry,
  stores: StoreMetrics,
  { inserted }: Pick<AuditMetrics, 'inserted'>
): DatabaseMetrics => ({
  watch: (store) => ({ called: stores(store, databaseCalls), inserted }),
  pool: (figures) => poolMetrics(metrics, figures)
})
