import type { Transaction } from 'kysely'
import type { By } from '../audit/audit-event.ts'
import type { Tables } from '../database/tables.ts'
import { writeApprovalEvent } from './approval-events.ts'

/**
 * Rejects the requests of an operator whose token is revoked, and those that they approved and that
 * were not carried out yet: somebody else may have had the token.
 */
export async function withdrawApprovals(
  transaction: Transaction<Tables>,
  name: string,
  { source, nowMs }: { readonly source: By['source']; readonly nowMs: number }
): Promise<void> {
  const rows = await transaction
    .updateTable('approvals')
    .set({ state: 'rejected', decided_by: source.operator ?? null })
    .where('state', 'in', ['pending', 'approved'])
    .where('expires_at', '>', Math.floor(nowMs / 1000))
    .where(({ or, eb }) => or([eb('requested_by', '=', name), eb('decided_by', '=', name)]))
    .returningAll()
    .execute()
  for (const row of rows) {
    await writeApprovalEvent(transaction, 'request-rejected', row, { source, nowMs })
  }
}
