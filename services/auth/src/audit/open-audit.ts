import type { Database } from '../database/open-database.ts'
import { type AuditLog, auditLog } from './audit-log.ts'
import type { AuditMetrics } from './audit-metrics.ts'
import { withoutRepeats } from './without-repeats.ts'

type AuditPorts = {
  readonly database: Database
  readonly metrics: Pick<AuditMetrics, 'leftOut'>
  readonly clock: () => number
  readonly monotonicClock: () => number
}

/** The audit log, in which events that anyone can cause are limited. */
export const openAudit = ({ database, metrics, clock, monotonicClock }: AuditPorts): AuditLog =>
  withoutRepeats(auditLog(database.tables, clock), monotonicClock, metrics.leftOut)
