import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { lockAccount } from '../../accounts/lock-account.ts'
import { type AuditEvent, OPERATOR_ADDRESS, type RequestSource } from '../../audit/audit-event.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import { endOneSession, endSessions } from '../../database/end-sessions.ts'
import { isOpenSession } from '../../database/is-open-session.ts'
import type { Tables } from '../../database/tables.ts'
import type { Opened } from '../families/family.ts'
import { type DurableSession, toRow, toSession } from './durable-session.ts'
import { type EndedSessions, endEverySession } from './end-every-session.ts'
import { type Found, findForToken, findSession, type ReadState } from './find-session.ts'
import type { NotifyReuse } from './notify-reuse.ts'
import { type OpenSession, openSession } from './open-session.ts'
import { recordEnd } from './record-end.ts'
import type { SessionEnd } from './session-end.ts'
import { type StrengthenedSession, strengthenSession } from './strengthen-session.ts'

export type Ended = {
  /** whether there is such a session of this user */
  readonly known: boolean
  /** whether it had not ended */
  readonly changed: boolean
  /** whether the session store may not know that it has ended */
  readonly unpublished: boolean
}

/**
 * The two facts of a session that cannot be rebuilt: that it was opened, and that it has ended.
 * Each is written with its audit event, in one transaction, before the request is answered. The
 * session store holds the state between the two.
 * @throws Refusal UNAVAILABLE by every method, within a bound, where the database does not answer
 */
export type DurableSessions = {
  open: OpenSession
  /** Adopts a session that was opened by a version without this table. */
  adopt(subject: string, sid: string, opened: Opened, usedAt: number): Promise<void>
  /** Finds an account and one of its sessions. */
  find(subject: string, sid: string): Promise<Found<Account>>
  /** The same, but only what the next access token needs: `AccountCache` remembers it. */
  findForToken: ReadState
  /**
   * The sessions of a user that have neither expired nor ended, and those of `stored` that have
   * ended, in any order. Other ended sessions are not included: each login leaves one, until it
   * would have expired.
   */
  list(subject: string, stored: readonly string[]): Promise<DurableSession[]>
  /** Ends a session. The event is written if it had not ended. */
  end(event: SessionEnd): Promise<Ended>
  /**
   * Records an end that the session store decided at `atMs`. Its event is written once, however
   * often this is called.
   */
  record(event: SessionEnd, atMs: number): Promise<void>
  /**
   * Ends all sessions of a user except `event.sid`. Returns the ids of those that had not ended. If
   * there are none, only an operator's call is in the audit log.
   */
  endAll(event: AuditEvent & { readonly subject: string }): Promise<string[]>
  /**
   * Ends some of the sessions that were opened before a second, of all users, and writes the event.
   */
  endEvery(openedBefore: number, source: RequestSource): Promise<EndedSessions>
  /** Notes how and when the user has proved who they are. False if the session has ended. */
  strengthen(session: StrengthenedSession): Promise<boolean>
  /** Notes that it was used in this second. */
  touch(sid: string, second: number): Promise<void>
}

export function durableSessions(
  db: Kysely<Tables>,
  clock: () => number,
  notifyReuse: NotifyReuse = async () => {}
): DurableSessions {
  const seconds = () => Math.floor(clock() / 1000)
  return {
    open: openSession(db, clock),
    async adopt(subject, sid, opened, usedAt) {
      await db
        .insertInto('sessions')
        .values(toRow(subject, sid, opened, usedAt))
        .onConflict((conflict) => conflict.column('sid').doNothing())
        .execute()
    },
    find: findSession(db),
    findForToken: findForToken(db),
    async list(subject, stored) {
      const ofUser = db.selectFrom('sessions').selectAll().where('subject', '=', subject)
      const open = ofUser.where('ended_at_ms', 'is', null).where('expires_at', '>', seconds())
      const ended = ofUser.where('ended_at_ms', 'is not', null).where('sid', 'in', stored)
      // One statement: a session that ends meanwhile is in one half or the other.
      const rows = await (stored.length === 0 ? open : open.unionAll(ended)).execute()
      return rows.map((row) => toSession(row, row.scope))
    },
    end: endSession(db, clock),
    record: (event, atMs) =>
      db.transaction().execute((on) => recordEnd(on, event, atMs, { clock, notifyReuse })),
    endAll: endAllSessions(db, clock),
    endEvery: endEverySession(db, clock),
    strengthen: (session) =>
      db.transaction().execute((transaction) => strengthenSession(transaction, session, clock())),
    async touch(sid, second) {
      await db.updateTable('sessions').set({ used_at: second }).where('sid', '=', sid).execute()
    }
  }
}

const endSession =
  (db: Kysely<Tables>, clock: () => number): DurableSessions['end'] =>
  async (event) => {
    // Without a lock, because an old refresh token can be sent again any number of times.
    if (!(await isOpenSession(db, event, clock()))) return await overOf(db, event)
    return await db.transaction().execute(async (transaction) => {
      await lockAccount(transaction, event.subject)
      const nowMs = clock()
      if (!(await endOneSession(transaction, event, nowMs))) return overOf(transaction, event)
      await writeAudit(transaction, event, nowMs)
      return { known: true, changed: true, unpublished: true }
    })
  }

/** Of a session that has ended before, or is not known. */
async function overOf(on: Kysely<Tables>, { subject, sid }: SessionEnd): Promise<Ended> {
  const over = await on
    .selectFrom('sessions')
    .select('untold')
    .where('sid', '=', sid)
    .where('subject', '=', subject)
    .executeTakeFirst()
  return { known: over !== undefined, changed: false, unpublished: over?.untold === 1 }
}

const endAllSessions =
  (db: Kysely<Tables>, clock: () => number): DurableSessions['endAll'] =>
  (event) =>
    db.transaction().execute(async (transaction) => {
      await lockAccount(transaction, event.subject)
      const ended = await endSessions(transaction, event.subject, event.sid, clock())
      const detail = { ...event.detail, ended: ended.length }
      // A user can repeat a request that ends nothing, and must not fill the audit log with it.
      if (ended.length > 0 || event.source.address === OPERATOR_ADDRESS)
        await writeAudit(transaction, { ...event, detail }, clock())
      return ended
    })
