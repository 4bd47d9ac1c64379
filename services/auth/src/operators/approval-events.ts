import type { Selectable, Transaction } from 'kysely'
import type { AuditKind, By } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import type { ApprovalTable } from './operator-table.ts'

/**
 * Writes an event about a request that needs a second operator. The request itself may name a user
 * by e-mail address, so the event has its operation only.
 */
export const writeApprovalEvent = (
  transaction: Transaction<Tables>,
  kind: Extract<AuditKind, 'approval-requested' | 'request-approved' | 'request-rejected'>,
  { id, operation, requested_by }: Selectable<ApprovalTable>,
  { source, nowMs }: { readonly source: By['source']; readonly nowMs: number }
): Promise<void> => {
  const detail = { operation, requestedBy: requested_by }
  return writeAudit(transaction, { kind, subject: id, sid: null, source, detail }, nowMs)
}
