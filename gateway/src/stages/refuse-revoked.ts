import type { Refusal } from '@gatehouse/problem/refusal'
import type { WhyRevoked } from '@gatehouse/revocation/why-revoked'
import { notYet, sessionEnded, tokenStale } from '../refusals.ts'
import type { Revocations } from '../revocation/follow-revocations.ts'
import type { Route } from '../routes/entry/route.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'

const refusals: Readonly<Record<WhyRevoked, () => Refusal>> = {
  SESSION_ENDED: sessionEnded,
  TOKEN_STALE: () =>
    tokenStale(
      'the key of the token is revoked, or the rights of its subject have changed since it was issued'
    )
}

/** What the client of a revoked token gets. */
export const revokedRefusal = (why: WhyRevoked): Refusal => refusals[why]()

/** A verified token may have been revoked since. The check reads memory and costs no call. */
export function refuseRevoked(
  token: VerifiedToken | null,
  { maxStalenessSeconds }: Pick<Route, 'maxStalenessSeconds'>,
  revoked: Revocations
): void {
  if (token === null) return
  // Until the log has been read once, the gateway cannot know that a token is not revoked.
  if (!revoked.loaded) throw notYet('the revocations are not loaded')
  if (!revoked.mayAcceptTokens) throw notYet('this gateway has not announced itself in Redis yet')
  const why = revoked.why(token)
  if (why !== null) throw revokedRefusal(why)
  if (maxStalenessSeconds !== undefined && revoked.stalenessSeconds() > maxStalenessSeconds) {
    throw notYet('the last heartbeat in the revocation log is older than the route allows')
  }
}
