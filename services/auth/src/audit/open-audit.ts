import type { Database } from '../database/open-database.ts'
import { type AuditLog, auditLog } from './audit-log.ts'
import type { AuditMetrics } from './audit-metrics.ts'
import { withoutRepeats } from './without-repeats.ts'

/** The audit log, in which events that anyone can cause are limited. */
export const openAudit = ({
  database,
  metrics,
  clock
}: {
  readonly database: Database
  readonly metrics: Pick<AuditMetrics, 'leftOut'>
  readonly clock: () => number
}): AuditLog => withoutRepeats(auditLog(database.tables, clock), clock, metrics.leftOut)
