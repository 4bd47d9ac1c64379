import type { Database } from '../database/open-database.ts'
import { type AuditLog, auditLog } from './audit-log.ts'
import { withoutRepeats } from './without-repeats.ts'

/** The audit log, in which events that anyone can cause are limited. */
export const openAudit = (ports: {
  readonly database: Database
  readonly clock: () => number
}): AuditLog => withoutRepeats(auditLog(ports.database.tables, ports.clock), ports.clock)
