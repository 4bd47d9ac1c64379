import type { TokenAccount } from '../accounts/account.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { AccessTokens, IssuedAccessToken } from '../tokens/access-token.ts'
import type { Authentication } from './authentication.ts'
import type { FamilyRecord } from './families/family.ts'
import { mintRefreshToken, type PresentedToken } from './refresh-token.ts'

/** The result of a login or a refresh. */
export type Grant = {
  readonly sid: string
  readonly accessToken: IssuedAccessToken
  readonly refreshToken: string
  /** seconds until the session ends if it is not used */
  readonly refreshExpiresIn: number
}

type ReachedSession = {
  readonly record: FamilyRecord
  readonly authentication: Authentication
  /** as `Presented` has it */
  readonly keyWithdrawals?: string | null | undefined
}

/** Issues the tokens of the generation that a family has reached. */
export type IssueGrant = (
  account: TokenAccount,
  token: PresentedToken,
  session: ReachedSession,
  begunMs: number
) => Promise<Grant>

export function grants(options: {
  accessTokens: AccessTokens
  ring: KeyRing
  clock: () => number
}): IssueGrant {
  const { accessTokens, ring, clock } = options
  return async (account, token, session, begunMs) => {
    const { record, authentication, keyWithdrawals } = session
    const { sid } = token
    return {
      sid,
      accessToken: await accessTokens.issue({
        account,
        sid,
        generation: record.generation,
        clientId: record.clientId,
        requestedScope: record.scope,
        authentication,
        tokensNotBefore: record.tokensNotBefore,
        begunMs,
        keyWithdrawals
      }),
      refreshToken: mintRefreshToken({ ...token, generation: record.generation }, ring),
      refreshExpiresIn: record.idleExpiresAt - Math.floor(clock() / 1000)
    }
  }
}
