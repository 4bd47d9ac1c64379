import type { Kysely } from 'kysely'
import type { RequestSource } from '../../audit/audit-event.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import type { Tables } from '../../database/tables.ts'

/** What keeps an account. */
type Cause = {
  readonly subject: string
  /** the session that a login opens; null: no login */
  readonly sid: string | null
  readonly source: RequestSource
}

/**
 * Keeps an account that was to be deleted, in a transaction that has locked it.
 * @returns whether it was to be deleted
 */
export async function cancelDeletion(
  transaction: Kysely<Tables>,
  { subject, sid, source }: Cause,
  nowMs: number
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('accounts')
    .set({ delete_after: null })
    .where('id', '=', subject)
    .where('delete_after', 'is not', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await writeAudit(transaction, { kind: 'deletion-cancelled', subject, sid, source }, nowMs)
  return true
}
