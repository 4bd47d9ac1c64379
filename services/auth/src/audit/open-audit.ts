import type { Database } from '../database/open-database.ts'
import type { Ports } from '../ports.ts'
import { type AuditLog, auditLog } from './audit-log.ts'
import type { AuditMetrics } from './audit-metrics.ts'
import type { AuditConfig } from './audit-settings.ts'
import { forgetEvents } from './forget-events.ts'
import { withoutRepeats } from './without-repeats.ts'

type AuditPorts = Pick<Ports, 'cleanups'> & {
  readonly database: Database
  readonly metrics: Pick<AuditMetrics, 'leftOut'>
  readonly clock: () => number
}

/** The audit log, in which events that anyone can cause are limited. */
export function openAudit(
  { AUTH_AUDIT_RETENTION_DAYS: days }: Pick<AuditConfig, 'AUTH_AUDIT_RETENTION_DAYS'>,
  { database, metrics, cleanups, clock }: AuditPorts
): AuditLog {
  cleanups.push(forgetEvents(database.tables, days, clock))
  return withoutRepeats(auditLog(database.tables, clock), clock, metrics.leftOut)
}
