import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/**
 * Ends all sessions of a user except one, in the transaction of the change that ends them. The session store is told afterwards
 * (`sessionEnds`); if this process stops before that, another instance tells it.
 * @returns the ids of those that had not ended
 */
export async function endSessions(
  transaction: Kysely<Tables>,
  subject: string,
  except: string | null,
  nowMs: number
): Promise<string[]> {
  await lockAccount(transaction, subject)
  const rows = await transaction
    .updateTable('sessions')
    .set({ ended_at_ms: nowMs, untold: 1 })
    .where('subject', '=', subject)
    .where('ended_at_ms', 'is', null)
    .where('expires_at', '>', Math.floor(nowMs / 1000))
    .where('sid', '!=', except ?? '')
    .returning('sid')
    .execute()
  return rows.map(({ sid }) => sid)
}

/**
 * Locks the account's row until the transaction is over, and changes nothing. A login that has checked the old password
 * comes either before this transaction, which then ends its session too, or after it, and is refused.
 */
async function lockAccount(transaction: Kysely<Tables>, subject: string): Promise<void> {
  await transaction
    .updateTable('accounts')
    .set(({ ref }) => ({ created_at: ref('created_at') }))
    .where('id', '=', subject)
    .execute()
}
