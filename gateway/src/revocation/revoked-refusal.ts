import type { Refusal } from '@gatehouse/problem/refusal'
import type { WhyRevoked } from '@gatehouse/revocation/why-revoked'
import { notYet, sessionEnded, tokenStale } from '../refusals.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'
import type { Revocations } from './follow-revocations.ts'

const refusals: Readonly<Record<WhyRevoked, () => Refusal>> = {
  SESSION_ENDED: sessionEnded,
  TOKEN_STALE: () =>
    tokenStale(
      'the key of the token is revoked, or the rights of its subject have changed since it was issued'
    )
}

/** What the client of a revoked token gets. */
export const revokedRefusal = (why: WhyRevoked): Refusal => refusals[why]()

/**
 * Why a verified token is refused now; null: it is not. It may have been revoked since it was
 * verified. The check reads memory and costs no call.
 * @param maxStalenessSeconds how old the revocations may be that the gateway has read
 */
export function refusalIfRevoked(
  token: VerifiedToken,
  maxStalenessSeconds: number | undefined,
  revoked: Revocations
): Refusal | null {
  // Until the log has been read once, the gateway cannot know that a token is not revoked.
  if (!revoked.loaded) return notYet('the revocations are not loaded')
  if (!revoked.mayAcceptTokens) return notYet('this gateway has not announced itself in Redis yet')
  const why = revoked.why(token)
  if (why !== null) return revokedRefusal(why)
  return maxStalenessSeconds !== undefined && revoked.stalenessSeconds() > maxStalenessSeconds
    ? notYet('the last heartbeat in the revocation log is older than the route allows')
    : null
}
