import type { TokenAccount } from '../../accounts/account.ts'
import type { RequestSource } from '../../audit/audit-event.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import { ifAvailable } from '../../if-available.ts'
import { byPasswordAt } from '../authentication.ts'
import type { AccountCache } from '../cache/account-cache.ts'
import type { KnownState } from '../cache/known-state.ts'
import { type DurableSession, restorable } from '../durable/durable-session.ts'
import type { Outcome } from '../families/outcome.ts'
import type { Grant, IssueGrant } from '../grant.ts'
import { publishIfEnded } from '../publish-if-ended.ts'
import type { PresentedToken } from '../refresh-token.ts'
import {
  scopeTooWide,
  sessionEnded,
  tooManyRefreshes,
  unknownRefreshToken
} from '../session-refusals.ts'
import type { SessionState } from '../session-state.ts'
import { recordRefresh } from './record-refresh.ts'
import type { RefreshLimit } from './refresh-limit.ts'
import { isWithin, narrowed } from './requested-scope.ts'

/**
 * Makes the next generation, and an access token with the session's scope or a part of it.
 * @param token as `Sessions.read` returns it
 * @throws Refusal UNAUTHENTICATED if this service did not issue the token, INVALID_REQUEST for
 * more scope than the session has, SESSION_ENDED, RATE_LIMITED, UNAVAILABLE
 */
export type RefreshSession = (
  token: PresentedToken | null,
  source: RequestSource,
  requestedScope?: string
) => Promise<Grant>

type RefreshOptions = SessionState & {
  readonly grant: IssueGrant
  readonly limit: RefreshLimit
  readonly cache: AccountCache
  readonly audit: AuditLog
  readonly clock: () => number
  /** counts the outcome of a presented token */
  readonly count: (outcome: Outcome) => void
}

export function refreshSession(options: RefreshOptions): RefreshSession {
  const { families, cache, policy, grant, limit, clock, count } = options
  const record = recordRefresh(options)
  return async (token, source, requestedScope) => {
    const begunMs = clock()
    if (token === null) throw unknownRefreshToken()
    const { subject, sid, generation } = token
    const waitSeconds = limit.take(sid)
    if (waitSeconds !== null) throw tooManyRefreshes(waitSeconds)

    const found = await cache.find(subject, sid)
    // Before the token is used up, so that a client that asks for too much can ask again.
    await accountOf(options, found, token, { source, requestedScope })

    const { session } = found
    const opened = restorable(session, policy, clock())
    const presentation = { subject, sid, generation, opened, source }
    const presented = await families.present(presentation)
    const { outcome, after, keyWithdrawals, accountChanges } = presented
    count(outcome)
    await record(presentation, presented, session)
    if (after === null || outcome === 'ended' || outcome === 'reused') {
      throw sessionEnded(`the refresh token is ${outcome}`)
    }
    if (outcome === 'restored' && (await publishIfEnded(options, subject, sid)).hasEnded) {
      throw sessionEnded('the session has ended meanwhile')
    }
    const latest = await cache.confirm(found, token, accountChanges)
    const account = await accountOf(options, latest, token, { source, requestedScope })
    const authentication = latest.session?.authentication ?? byPasswordAt(after.openedAt)
    const reached = { record: after, authentication, keyWithdrawals }
    return grant(narrowed(account, requestedScope), token, reached, begunMs)
  }
}

type Asked = { readonly source: RequestSource; readonly requestedScope: string | undefined }

/** @throws Refusal SESSION_ENDED, INVALID_REQUEST as a refresh does */
async function accountOf(
  options: RefreshOptions,
  { account, session }: KnownState,
  { subject, sid }: PresentedToken,
  { source, requestedScope }: Asked
): Promise<TokenAccount> {
  if (session?.ended) await refuseEnded(options, session, source)
  if (account === null || account.disabled) {
    await options.ends.end({ kind: 'session-ended', subject, sid, source })
    throw sessionEnded('the account is disabled or gone')
  }
  if (!isWithin(requestedScope, account.scope)) throw scopeTooWide()
  return account
}

/**
 * The database has ended the session. Publishes the end again if the session store may not have it.
 */
async function refuseEnded(
  { ends, audit, count }: RefreshOptions,
  { subject, sid, unpublished }: DurableSession,
  source: RequestSource
): Promise<never> {
  count('ended')
  if (unpublished) await ifAvailable(ends.publish(subject, [sid]))
  await audit.write({ kind: 'refresh-ended', subject, sid, source })
  throw sessionEnded('the session has ended')
}
