import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { sessionEnded } from './session-refusals.ts'

/** The session of a caller. */
export type OwnSession = { readonly subject: string; readonly sid: string }

/**
 * Refuses a session that has ended, in the transaction of a change that it asks for. A gateway may
 * have admitted the request before it learned of the end. The transaction has locked the account,
 * so a change that ends all sessions comes either before it or after it.
 * @throws Refusal SESSION_ENDED
 */
export async function refuseEndedSession(
  transaction: Kysely<Tables>,
  { subject, sid }: OwnSession,
  nowMs: number
): Promise<void> {
  const open = await transaction
    .selectFrom('sessions')
    .select('sid')
    .where('sid', '=', sid)
    .where('subject', '=', subject)
    .where('ended_at_ms', 'is', null)
    .where('expires_at', '>', Math.floor(nowMs / 1000))
    .executeTakeFirst()
  if (open === undefined) throw sessionEnded('the session has ended')
}
