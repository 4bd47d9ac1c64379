import type { Account } from '../accounts/account.ts'
import type { AccountStore } from '../accounts/account-store.ts'
import { sessionEnded, unknownRefreshToken } from '../refusals.ts'
import type { AccessTokens, IssuedAccessToken } from '../tokens/access-token.ts'
import type { Families, Presented } from './families.ts'
import type { FamilyRecord, Opening } from './family.ts'
import type { KeyRing } from './key-ring.ts'
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

/** What is told about each refresh that met a family. */
export type RefreshObserver = (sid: string, presented: Presented) => void

export type Sessions = {
  begin(account: Account, opening: Opening): Promise<Grant>
  /** @throws Refusal UNAUTHENTICATED for a token that was not made here, SESSION_ENDED, UNAVAILABLE */
  refresh(refreshToken: string): Promise<Grant>
  /** Ends the token's session; false where the token was not made here. */
  end(refreshToken: string): Promise<boolean>
  endAll(subject: string): Promise<number>
}

export type SessionNeeds = {
  families: Families
  accounts: Pick<AccountStore, 'findById'>
  accessTokens: AccessTokens
  ring: KeyRing
  clock: () => number
  observe: RefreshObserver
}

export function sessions(needs: SessionNeeds): Sessions {
  const { families, accounts, accessTokens, ring, clock, observe } = needs

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

  return {
    async begin(account, opening) {
      const family = newFamily()
      const record = await families.open(account.id, sessionId(family), opening)
      return grant(account, { subject: account.id, family, generation: 0 }, record)
    },

    async refresh(text) {
      const token = readRefreshToken(text, ring)
      if (token === null) throw unknownRefreshToken()
      const sid = sessionId(token.family)

      const account = await accounts.findById(token.subject)
      if (account === null || account.disabled) {
        await families.end(token.subject, sid)
        throw sessionEnded('the account is disabled or gone')
      }

      const presented = await families.present(token.subject, sid, token.generation)
      observe(sid, presented)
      const { outcome, after } = presented
      if (after === null || outcome === 'ended' || outcome === 'reused') {
        throw sessionEnded(`the refresh token is ${outcome}`)
      }
      return grant(account, token, after)
    },

    async end(text) {
      const token = readRefreshToken(text, ring)
      if (token === null) return false
      await families.end(token.subject, sessionId(token.family))
      return true
    },

    endAll: (subject) => families.endAll(subject, null)
  }
}
