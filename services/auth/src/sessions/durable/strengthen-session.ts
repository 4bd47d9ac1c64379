import type { Kysely } from 'kysely'
import type { RequestSource } from '../../audit/audit-event.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import { openSession } from '../../database/is-open-session.ts'
import type { Tables } from '../../database/tables.ts'
import { amrOf, amrText, withFactor } from '../authentication.ts'

/** A session whose user has proved who they are again. */
export type StrengthenedSession = {
  readonly subject: string
  readonly sid: string
  /** how (RFC 8176) */
  readonly amr: readonly string[]
  readonly source: RequestSource
}

/**
 * Notes how and when the user of an open session has proved who they are. The access token of its
 * next refresh says so.
 * @returns false if it has ended
 */
export async function strengthenSession(
  transaction: Kysely<Tables>,
  { subject, sid, amr, source }: StrengthenedSession,
  nowMs: number
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('sessions')
    .set({ amr: amrText(amr), authenticated_at: Math.floor(nowMs / 1000) })
    .where(openSession({ subject, sid }, nowMs))
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  const event = { kind: 'stepped-up', subject, sid, source } as const
  await writeAudit(transaction, { ...event, detail: { amr: amrText(amr) } }, nowMs)
  return true
}

/** How the user of a session has signed in, and the second factor that they have now proved. */
export async function methodsWithFactor(
  transaction: Kysely<Tables>,
  { subject, sid }: Pick<StrengthenedSession, 'subject' | 'sid'>,
  factor: readonly string[]
): Promise<readonly string[]> {
  const row = await transaction
    .selectFrom('sessions')
    .select('amr')
    .where('sid', '=', sid)
    .where('subject', '=', subject)
    .executeTakeFirst()
  return withFactor(row === undefined ? [] : amrOf(row.amr), factor)
}

/** Notes a second factor that a session has proved, without a new time of authentication. */
export async function noteFactor(
  transaction: Kysely<Tables>,
  session: Pick<StrengthenedSession, 'subject' | 'sid'>,
  factor: readonly string[]
): Promise<void> {
  const amr = await methodsWithFactor(transaction, session, factor)
  await transaction
    .updateTable('sessions')
    .set({ amr: amrText(amr) })
    .where('sid', '=', session.sid)
    .where('subject', '=', session.subject)
    .execute()
}
