import type { RequestSource } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { type ChangeMarks, changeOrWait } from '../revocations/change-marks.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import { type BeginSession, beginSession } from './begin-session.ts'
import type { AccountCache } from './cache/account-cache.ts'
import type { EndedSessions } from './durable/end-every-session.ts'
import type { StrengthenedSession } from './durable/strengthen-session.ts'
import type { SessionEnds } from './ends/session-ends.ts'
import type { Families } from './families/families.ts'
import type { Outcome } from './families/outcome.ts'
import { grants } from './grant.ts'
import type { ListSessions } from './list-sessions.ts'
import type { RefreshLimit } from './refresh/refresh-limit.ts'
import { type RefreshSession, refreshSession } from './refresh/refresh-session.ts'
import { type PresentedToken, readPresentedToken } from './refresh-token.ts'
import type { SessionState } from './session-state.ts'

export type Sessions = {
  readonly begin: BeginSession
  readonly refresh: RefreshSession
  /** A token as it was presented; null if this service did not issue it. Calls no store. */
  read(refreshToken: string): PresentedToken | null
  /** Ends the session of a refresh token, for the client that has it. */
  end(token: Pick<PresentedToken, 'subject' | 'sid'>, source: RequestSource): Promise<void>
  /** Ends one session of a user; false if there is none with that id. */
  endOne(subject: string, sid: string, source: RequestSource): Promise<boolean>
  /** Ends every session of a user, except one if it is named. Returns how many. */
  endAll(subject: string, except: string | null, source: RequestSource): Promise<number>
  /**
   * Notes how and when the user of an open session has proved who they are. The access token of its
   * next refresh says so. False if it has ended.
   */
  strengthen(session: StrengthenedSession): Promise<boolean>
  /** Ends the sessions of all users that were opened before a second. */
  endEvery(openedBefore: number, source: RequestSource): Promise<EndedSessions>
  readonly list: ListSessions
  /** ends that other changes, and operators, make */
  readonly ends: SessionEnds
  /**
   * Resolves when the session store answers.
   * @throws Refusal UNAVAILABLE
   */
  ready(): Promise<void>
  /** Overwrites deleted values in the session store's own files. */
  readonly scrub: Families['scrub']
}

type SessionOptions = SessionState & {
  readonly accessTokens: AccessTokens
  readonly ring: KeyRing
  readonly limit: RefreshLimit
  readonly cache: AccountCache
  readonly marks: Pick<ChangeMarks, 'change'>
  readonly audit: AuditLog
  readonly clock: () => number
  /** counts the outcome of a presented token */
  readonly count: (outcome: Outcome) => void
}

export function sessions(options: SessionOptions): Sessions {
  const { ends, listSessions, ring } = options
  const grant = grants(options)
  return {
    begin: beginSession({ ...options, grant }),
    refresh: refreshSession({ ...options, grant }),

    read: (text) => readPresentedToken(text, ring),

    async end({ subject, sid }, source) {
      await ends.end({ kind: 'logout', subject, sid, source })
    },

    endOne: (subject, sid, source) => ends.end({ kind: 'session-ended', subject, sid, source }),

    async endAll(subject, except, source) {
      return await ends.endAll({ kind: 'logout-all', subject, sid: except, source })
    },

    async strengthen(session) {
      const isOpen = await options.durable.strengthen(session)
      if (isOpen) await changeOrWait(options.marks, session.subject)
      return isOpen
    },

    endEvery: options.durable.endEvery,

    list: listSessions,
    ends,
    ready: options.families.ping,
    scrub: options.families.scrub
  }
}
