import type { Account } from '../accounts/account.ts'
import type { AccountStore } from '../accounts/account-store.ts'
import { type AuditEvent, type Origin, refreshEvent } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import {
  scopeTooWide,
  sessionEnded,
  tooManyRefreshes,
  unknownRefreshToken,
  wrongCredentials
} from '../refusals.ts'
import type { AccessTokens, IssuedAccessToken } from '../tokens/access-token.ts'
import type { Families, StoredFamily } from './families.ts'
import type { FamilyRecord, Opening, Outcome } from './family.ts'
import type { KeyRing } from './key-ring.ts'
import type { RefreshLimit } from './refresh-limit.ts'
import {
  mintRefreshToken,
  newFamily,
  type RefreshToken,
  readRefreshToken,
  sessionId
} from './refresh-token.ts'

/** What a login or a refresh gives. */
export type Grant = {
  readonly sid: string
  readonly accessToken: IssuedAccessToken
  readonly refreshToken: string
  /** seconds until it ends if it is not used */
  readonly refreshExpiresIn: number
}

export type Sessions = {
  /** @throws Refusal UNAUTHENTICATED where the account is not any more what it was when its password was checked */
  begin(account: Account, opening: Opening, origin: Origin): Promise<Grant>
  /**
   * The next generation, and an access token of the session's scope or of what is asked of it.
   * @throws Refusal UNAUTHENTICATED for a token that was not made here, INVALID_REQUEST for more scope than there is,
   * SESSION_ENDED, RATE_LIMITED, UNAVAILABLE
   */
  refresh(refreshToken: string, origin: Origin, requestedScope?: string): Promise<Grant>
  /** Ends the token's session; false where the token was not made here. */
  end(refreshToken: string, origin: Origin): Promise<boolean>
  /** Ends one session of a user; false where there is none of that id. */
  endOne(subject: string, sid: string, origin: Origin): Promise<boolean>
  /** Ends every session of a user, but one where it is named. */
  endAll(subject: string, except: string | null, origin: Origin): Promise<void>
  list(subject: string): Promise<StoredFamily[]>
}

export type SessionNeeds = {
  families: Families
  accounts: Pick<AccountStore, 'findById'>
  accessTokens: AccessTokens
  ring: KeyRing
  limit: RefreshLimit
  audit: AuditLog
  clock: () => number
  /** counts what became of each refresh that met a family */
  count: (outcome: Outcome) => void
}

export function sessions(needs: SessionNeeds): Sessions {
  const { families, accounts, accessTokens, ring, limit, audit, clock, count } = needs

  const grant = (account: Account, token: RefreshToken, record: FamilyRecord): Grant => {
    const sid = sessionId(token.family)
    return {
      sid,
      accessToken: accessTokens.issue({
        account,
        sid,
        clientId: record.clientId,
        requestedScope: record.scope,
        authenticatedAt: record.openedAt
      }),
      refreshToken: mintRefreshToken({ ...token, generation: record.generation }, ring),
      refreshExpiresIn: record.idleExpiresAt - Math.floor(clock() / 1000)
    }
  }

  /** Ends a family that was live, and tells of it. */
  const end = async (event: AuditEvent & { subject: string; sid: string }): Promise<boolean> => {
    const ended = await families.end(event.subject, event.sid)
    if (ended) await audit.write(event)
    return ended
  }

  return {
    async begin(account, opening, origin) {
      const family = newFamily()
      const sid = sessionId(family)
      const record = await families.open(account.id, sid, opening)
      // Disabled, or another password set, after the old one was checked: what that ended was ended before this was opened.
      const now = await accounts.findById(account.id)
      if (now === null || now.disabled || now.passwordVersion !== account.passwordVersion) {
        await families.end(account.id, sid)
        throw wrongCredentials()
      }
      await audit.write({ kind: 'login', subject: account.id, sid, origin })
      return grant(now, { subject: account.id, family, generation: 0 }, record)
    },

    async refresh(text, origin, requestedScope) {
      const token = readRefreshToken(text, ring)
      if (token === null) throw unknownRefreshToken()
      const { subject, generation } = token
      const sid = sessionId(token.family)
      const waitSeconds = limit.take(sid)
      if (waitSeconds !== null) throw tooManyRefreshes(waitSeconds)

      const account = await accounts.findById(subject)
      if (account === null || account.disabled) {
        await end({ kind: 'session-ended', subject, sid, origin })
        throw sessionEnded('the account is disabled or gone')
      }
      // Before the token is used up: who asks for too much may ask again.
      if (!isWithin(requestedScope, account.scope)) throw scopeTooWide()

      const presented = await families.present(subject, sid, generation)
      const { outcome, after } = presented
      count(outcome)
      const event = refreshEvent(subject, sid, generation, presented, clock(), origin)
      if (event !== null) await audit.write(event)
      if (after === null || outcome === 'ended' || outcome === 'reused') {
        throw sessionEnded(`the refresh token is ${outcome}`)
      }
      return grant(narrowed(account, requestedScope), token, after)
    },

    async end(text, origin) {
      const token = readRefreshToken(text, ring)
      if (token === null) return false
      const sid = sessionId(token.family)
      await end({ kind: 'logout', subject: token.subject, sid, origin })
      return true
    },

    endOne: (subject, sid, origin) => end({ kind: 'session-ended', subject, sid, origin }),

    async endAll(subject, except, origin) {
      const ended = await families.endAll(subject, except)
      await audit.write({ kind: 'logout-all', subject, sid: except, origin, detail: { ended } })
    },

    list: (subject) => families.list(subject)
  }
}

const isWithin = (requested: string | undefined, scope: readonly string[]): boolean =>
  requested === undefined || requested.split(' ').every((one) => scope.includes(one))

/** The account, with no more scope than is asked for. */
function narrowed(account: Account, requested: string | undefined): Account {
  if (requested === undefined) return account
  const asked = new Set(requested.split(' '))
  return { ...account, scope: account.scope.filter((one) => asked.has(one)) }
}
