import type { ExpressionBuilder, Kysely } from 'kysely'
import type { Tables } from './tables.ts'

type UserSession = { readonly subject: string; readonly sid: string }

/** The condition that a session of a user is known and has not ended. */
export const openSession =
  ({ subject, sid }: UserSession, nowMs: number) =>
  ({ eb, and }: ExpressionBuilder<Tables, 'sessions'>) =>
    and([
      eb('sid', '=', sid),
      eb('subject', '=', subject),
      eb('ended_at_ms', 'is', null),
      eb('expires_at', '>', Math.floor(nowMs / 1000))
    ])

/**
 * The same, for the transaction of a change that the session asks for: a gateway may have admitted
 * the request before it learned of the end. The transaction has locked the account, so a change
 * that ends all sessions comes either before it or after it.
 */
export async function isOpenSession(
  transaction: Kysely<Tables>,
  session: UserSession,
  nowMs: number
): Promise<boolean> {
  const row = await transaction
    .selectFrom('sessions')
    .select('sid')
    .where(openSession(session, nowMs))
    .executeTakeFirst()
  return row !== undefined
}
