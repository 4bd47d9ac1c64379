import type { Account } from '../accounts/account.ts'
import type { RequestSource } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import {
  scopeTooWide,
  sessionEnded,
  tooManyRefreshes,
  unknownRefreshToken,
  wrongCredentials
} from '../refusals.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { AccessTokens, IssuedAccessToken } from '../tokens/access-token.ts'
import type { DurableSession } from './durable-sessions.ts'
import type { Presentation, Presented } from './families.ts'
import { type FamilyRecord, lateSeconds, type Opening } from './family.ts'
import { type ListSessions, restorable } from './list-sessions.ts'
import type { Outcome } from './outcome.ts'
import { refreshEvent } from './refresh-event.ts'
import type { RefreshLimit } from './refresh-limit.ts'
import {
  mintRefreshToken,
  newFamily,
  type RefreshToken,
  readRefreshToken,
  sessionId
} from './refresh-token.ts'
import { isWithin, narrowed } from './requested-scope.ts'
import { ifPossible, type SessionEnds } from './session-ends.ts'
import type { SessionState } from './session-state.ts'

/** The result of a login or a refresh. */
export type Grant = {
  readonly sid: string
  readonly accessToken: IssuedAccessToken
  readonly refreshToken: string
  /** seconds until the session ends if it is not used */
  readonly refreshExpiresIn: number
}

export type Sessions = {
  /** @throws Refusal UNAUTHENTICATED if the account has changed since its password was checked */
  begin(account: Account, opening: Opening, source: RequestSource): Promise<Grant>
  /**
   * Makes the next generation, and an access token with the session's scope or a part of it.
   * @throws Refusal UNAUTHENTICATED if this service did not issue the token, INVALID_REQUEST for
   * more scope than the session has, SESSION_ENDED, RATE_LIMITED, UNAVAILABLE
   */
  refresh(refreshToken: string, source: RequestSource, requestedScope?: string): Promise<Grant>
  /** Ends the token's session; false if this service did not issue the token. */
  end(refreshToken: string, source: RequestSource): Promise<boolean>
  /** Ends one session of a user; false if there is none with that id. */
  endOne(subject: string, sid: string, source: RequestSource): Promise<boolean>
  /** Ends every session of a user, except one if it is named. Returns how many. */
  endAll(subject: string, except: string | null, source: RequestSource): Promise<number>
  readonly list: ListSessions
  /** ends that other changes, and operators, make */
  readonly ends: SessionEnds
}

type SessionOptions = SessionState & {
  accessTokens: AccessTokens
  ring: KeyRing
  limit: RefreshLimit
  audit: AuditLog
  clock: () => number
  /** counts the outcome of each refresh that found a family */
  count: (outcome: Outcome) => void
}

type Meanwhile = { readonly account: Account | null; readonly hasEnded: boolean }

const hasSameCredentials = (latest: Account | null, { passwordVersion }: Account): boolean =>
  latest !== null && !latest.disabled && latest.passwordVersion === passwordVersion

export function sessions(options: SessionOptions): Sessions {
  const { families, durable, ends, listSessions, accessTokens, ring } = options
  const { limit, audit, policy, clock, count } = options
  const now = () => Math.floor(clock() / 1000)

  const grant = (
    account: Account,
    token: RefreshToken,
    record: FamilyRecord,
    begunMs: number
  ): Grant => {
    const sid = sessionId(token.family)
    return {
      sid,
      accessToken: accessTokens.issue({
        account,
        sid,
        generation: record.generation,
        clientId: record.clientId,
        requestedScope: record.scope,
        authenticatedAt: record.openedAt,
        tokensNotBefore: record.tokensNotBefore,
        begunMs
      }),
      refreshToken: mintRefreshToken({ ...token, generation: record.generation }, ring),
      refreshExpiresIn: record.idleExpiresAt - now()
    }
  }

  /** The database has ended the session. Tells the session store again if it may not know. */
  const refuseEnded = async (session: DurableSession, source: RequestSource): Promise<never> => {
    const { subject, sid } = session
    count('ended')
    if (session.untold) await ifPossible(ends.tell(subject, [sid]))
    await audit.write({ kind: 'refresh-ended', subject, sid, source })
    throw sessionEnded('the session has ended')
  }

  /** If the database has ended the session or deleted the account meanwhile, ends the family. */
  const afterMeanwhile = async (subject: string, sid: string): Promise<Meanwhile> => {
    const { account, session } = await durable.find(subject, sid)
    const hasEnded = account === null || session?.ended === true
    if (hasEnded) await ends.tell(subject, [sid])
    return { account, hasEnded }
  }

  /** What the database records about a refresh. */
  const note = async (
    presentation: Presentation,
    presented: Presented,
    session: DurableSession | null
  ): Promise<void> => {
    const { subject, sid } = presentation
    const { outcome, after, atMs } = presented
    const event = refreshEvent(presentation, presented)
    if (outcome === 'reused') {
      const { source } = presentation
      const detail = event?.detail ?? {}
      await ends.record({ kind: 'refresh-reused', subject, sid, source, detail, atMs })
      return
    }
    if (event !== null) await audit.write(event)
    if (outcome === 'ended' || after === null) return
    if (session === null) await ifPossible(durable.adopt(subject, sid, after, now()))
    else if (now() - session.usedAt >= lateSeconds(policy.idleSeconds)) {
      await ifPossible(durable.touch(sid, now()))
    }
  }

  return {
    async begin(account, opening, source) {
      const begunMs = clock()
      const family = newFamily()
      const sid = sessionId(family)
      const opened = { ...opening, openedAt: now(), expiresAt: now() + policy.absoluteSeconds }
      // First: a login that the database cannot record must not end other sessions.
      const current = await durable.open(account, sid, opened, source)
      if (current === null) throw wrongCredentials()
      const about = { subject: account.id, sid, source }
      try {
        const { record, tooMany } = await families.open(account.id, sid, opened)
        const { account: latest } = await afterMeanwhile(account.id, sid)
        // If the session has ended for another reason, for example through later logins, the password
        // was still right. The client gets tokens of an ended session, as it does just before an end.
        if (!hasSameCredentials(latest, current)) throw wrongCredentials()
        const token = { subject: account.id, family, generation: 0 }
        const granted = grant(current, token, record, begunMs)
        // If this fails, the next login does it.
        if (tooMany) await ifPossible(ends.evict(account.id, sid, source))
        return granted
      } catch (error) {
        // No client has its refresh token yet.
        await ifPossible(durable.end({ kind: 'session-ended', ...about }))
        throw error
      }
    },

    async refresh(text, source, requestedScope) {
      const begunMs = clock()
      const token = readRefreshToken(text, ring)
      if (token === null) throw unknownRefreshToken()
      const { subject, generation } = token
      const sid = sessionId(token.family)
      const waitSeconds = limit.take(sid)
      if (waitSeconds !== null) throw tooManyRefreshes(waitSeconds)

      const { account, session } = await durable.find(subject, sid)
      if (session?.ended) await refuseEnded(session, source)
      if (account === null || account.disabled) {
        await ends.end({ kind: 'session-ended', subject, sid, source })
        throw sessionEnded('the account is disabled or gone')
      }
      // Before the token is used up, so that a client that asks for too much can ask again.
      if (!isWithin(requestedScope, account.scope)) throw scopeTooWide()

      const opened = restorable(session, policy, clock())
      const presentation = { subject, sid, generation, opened, source }
      const presented = await families.present(presentation)
      const { outcome, after } = presented
      count(outcome)
      await note(presentation, presented, session)
      if (after === null || outcome === 'ended' || outcome === 'reused') {
        throw sessionEnded(`the refresh token is ${outcome}`)
      }
      if (outcome === 'restored' && (await afterMeanwhile(subject, sid)).hasEnded) {
        throw sessionEnded('the session has ended meanwhile')
      }
      return grant(narrowed(account, requestedScope), token, after, begunMs)
    },

    async end(text, source) {
      const token = readRefreshToken(text, ring)
      if (token === null) return false
      const sid = sessionId(token.family)
      await ends.end({ kind: 'logout', subject: token.subject, sid, source })
      return true
    },

    endOne: (subject, sid, source) => ends.end({ kind: 'session-ended', subject, sid, source }),

    async endAll(subject, except, source) {
      return await ends.endAll({ kind: 'logout-all', subject, sid: except, source })
    },

    list: listSessions,
    ends
  }
}
