import type { Account } from '../accounts/account.ts'
import { wrongCredentials } from '../accounts/account-refusals.ts'
import type { RequestSource } from '../audit/audit-event.ts'
import { ifAvailable } from '../if-available.ts'
import type { LoginDetails } from './durable/open-session.ts'
import type { Opening } from './families/family.ts'
import type { Grant, IssueGrant } from './grant.ts'
import { publishIfEnded } from './publish-if-ended.ts'
import { newFamily, sessionId } from './refresh-token.ts'
import type { SessionState } from './session-state.ts'

/** @throws Refusal UNAUTHENTICATED if the account has changed since its credentials were checked */
export type BeginSession = (
  account: Account,
  opening: Opening,
  source: RequestSource,
  details: LoginDetails
) => Promise<Grant>

const hasSameCredentials = (latest: Account | null, checked: Account): boolean =>
  latest !== null &&
  !latest.disabled &&
  latest.passwordVersion === checked.passwordVersion &&
  latest.factorVersion === checked.factorVersion

export function beginSession(
  options: SessionState & { grant: IssueGrant; clock: () => number }
): BeginSession {
  const { families, durable, ends, policy, grant, clock } = options
  return async (account, opening, source, details) => {
    const begunMs = clock()
    const family = newFamily()
    const sid = sessionId(family)
    const now = Math.floor(clock() / 1000)
    const opened = { ...opening, openedAt: now, expiresAt: now + policy.absoluteSeconds }
    // First: a login that the database cannot record must not end other sessions.
    const current = await durable.open(account, sid, opened, source, details)
    if (current === null) throw wrongCredentials()
    const about = { subject: account.id, sid, source }
    try {
      const { record, tooMany } = await families.open(account.id, sid, opened)
      const { account: latest } = await publishIfEnded(options, account.id, sid)
      // If the session has ended for another reason, for example through later logins, the login
      // was still right. The client gets tokens of an ended session, as it does just before an end.
      if (!hasSameCredentials(latest, current)) throw wrongCredentials()
      const token = { subject: account.id, sid, family, generation: 0 }
      const { amr, authenticatedAt: atSeconds = now } = details
      const authentication = { amr, atSeconds }
      const granted = await grant(current, token, { record, authentication }, begunMs)
      // If this fails, the next login does it.
      if (tooMany) await ifAvailable(ends.evict(account.id, sid, source))
      return granted
    } catch (error) {
      // No client has its refresh token yet.
      await ifAvailable(durable.end({ kind: 'session-ended', ...about }))
      throw error
    }
  }
}
