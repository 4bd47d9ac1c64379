import type { Database } from '../database/open-database.ts'
import type { Ports } from '../ports.ts'
import { type AuditLog, auditLog } from './audit-log.ts'
import { withoutRepeats } from './without-repeats.ts'

/** The audit log, in which events that anyone can cause are limited. */
export function openAudit(
  ports: Pick<Ports, 'metrics'> & { readonly database: Database; readonly clock: () => number }
): AuditLog {
  const { database, metrics, clock } = ports
  return withoutRepeats(auditLog(database.tables, clock), clock, metrics.audit.leftOut)
}
