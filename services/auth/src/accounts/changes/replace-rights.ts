import type { Kysely } from 'kysely'
import type { AuditKind } from '../../audit/audit-event.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import type { Tables } from '../../database/tables.ts'
import { noteStale, otherRights } from '../../revocations/stale-tokens.ts'
import type { Change } from './change.ts'

export type Rights = Partial<Record<'roles' | 'scope' | 'claims' | 'email', string>> & {
  readonly email_verified_at?: number
  readonly email_typed?: string | null
}

/** Replaces rights of an account, and makes its earlier tokens stale. */
export async function replaceRights(
  transaction: Kysely<Tables>,
  id: string,
  rights: Rights,
  kind: AuditKind,
  { stale, source, clock }: Change
): Promise<boolean> {
  const made = stale()
  const row = await transaction
    .updateTable('accounts')
    .set({ ...rights, ...otherRights(made) })
    .where('id', '=', id)
    .returning('rights_version')
    .executeTakeFirst()
  if (row === undefined) return false
  await noteStale(transaction, id, made, row.rights_version)
  await writeAudit(transaction, { kind, subject: id, sid: null, source }, clock())
  return true
}
