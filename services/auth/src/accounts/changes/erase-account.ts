import type { Kysely } from 'kysely'
import { writeAudit } from '../../audit/audit-log.ts'
import { endSessions } from '../../database/end-sessions.ts'
import type { Tables } from '../../database/tables.ts'
import { noteStale } from '../../revocations/stale-tokens.ts'
import { lockAccount } from '../lock-account.ts'
import type { Change } from './change.ts'
import { noteErasure } from './erase-traces.ts'

/** What belongs to an account alone. */
const OF_ACCOUNT = [
  'mail_tokens',
  'factors',
  'passkeys',
  'identities',
  'recovery_codes',
  'login_challenges'
] as const

/**
 * Deletes an account in a transaction: its e-mail address, password hash and rights. `eraseTraces`
 * erases the labels of its devices and the network addresses in its audit events afterwards. What
 * remains is the audit trail of an id without a person. Ended sessions stay until they would have
 * expired, because their ends may yet have to be published to the session store.
 * @returns the sessions that had not ended; null if there is no such account
 */
export async function eraseAccount(
  transaction: Kysely<Tables>,
  id: string,
  { stale, source, clock }: Change
): Promise<string[] | null> {
  // Locks first, as each login does: a login in progress completes before this and is then ended,
  // or finds no account.
  await lockAccount(transaction, id)
  const nowMs = clock()
  const ended = await endSessions(transaction, id, null, nowMs)
  const row = await transaction
    .deleteFrom('accounts')
    .where('id', '=', id)
    .returning(['rights_version', 'email'])
    .executeTakeFirst()
  if (row === undefined) return null
  await noteStale(transaction, id, stale(), row.rights_version + 1)
  for (const table of OF_ACCOUNT) {
    await transaction.deleteFrom(table).where('subject', '=', id).execute()
  }
  await transaction.deleteFrom('invitations').where('email', '=', row.email).execute()
  await noteErasure(transaction, id)
  const detail = { ended: ended.length }
  const event = { kind: 'user-deleted', subject: id, sid: null, source, detail } as const
  await writeAudit(transaction, event, nowMs)
  return ended
}
