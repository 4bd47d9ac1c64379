import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

/**
 * Whether a session of a user is known and has not ended, for the transaction of a change that it
 * asks for: a gateway may have admitted the request before it learned of the end. The transaction
 * has locked the account, so a change that ends all sessions comes either before it or after it.
 */
export async function isOpenSession(
  transaction: Kysely<Tables>,
  { subject, sid }: { readonly subject: string; readonly sid: string },
  nowMs: number
): Promise<boolean> {
  const row = await transaction
    .selectFrom('sessions')
    .select('sid')
    .where('sid', '=', sid)
    .where('subject', '=', subject)
    .where('ended_at_ms', 'is', null)
    .where('expires_at', '>', Math.floor(nowMs / 1000))
    .executeTakeFirst()
  return row !== undefined
}
