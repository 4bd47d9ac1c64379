import type { Finding } from '@gatehouse/process/findings'
import type { Revocations } from './follow-revocations.ts'

/**
 * above this, the gateway is cut off from the auth services, which write two heartbeats per second
 */
const DEGRADED_SECONDS = 5

/** for the operator */
export const UNREADABLE =
  'a newer version writes revocations that this gateway cannot read; upgrade the gateway'

/** for the operator */
export const UNHEARD =
  'no auth service has written into the revocation log: REDIS_URL and REDIS_KEY_PREFIX must name the Redis of the auth services'

/** for the operator */
export const UNANNOUNCED =
  'this gateway has not announced itself in Redis; its log has the reason ("the fleet announcement failed")'

/**
 * Whether the gateway can decide what is revoked. It cannot until it has read the log once, with a
 * heartbeat of an auth service. A gateway that is cut off later serves from memory: all gateways
 * share Redis, and its outage must not take all of them out of the load balancer. A revocation that
 * the gateway cannot read counts as one that has not reached it.
 * @param limitSeconds the staleness above which the operator wants no traffic here; undefined: any
 */
export function revocationCheck(
  revoked: Pick<
    Revocations,
    'cursor' | 'loaded' | 'mayAcceptTokens' | 'stalenessSeconds' | 'unreadable'
  >,
  limitSeconds = Number.POSITIVE_INFINITY
): () => Finding {
  return () => {
    const ageSeconds = revoked.stalenessSeconds()
    const unreadable = revoked.unreadable > 0
    if (!revoked.loaded) {
      return { failing: whyNotLoaded(revoked), ageSeconds }
    }
    if (!revoked.mayAcceptTokens) return { failing: UNANNOUNCED, ageSeconds }
    if (unreadable && ageSeconds <= limitSeconds) return { degraded: UNREADABLE, ageSeconds }
    const heard = `the last heartbeat of an auth service is ${Math.floor(ageSeconds)} s old`
    if (ageSeconds > limitSeconds) return { failing: heard, ageSeconds }
    return ageSeconds > DEGRADED_SECONDS ? { degraded: heard, ageSeconds } : { ageSeconds }
  }
}

/** Whether the log has been read, and no auth service seems to write into it. */
export const isUnheard = ({
  cursor,
  stalenessSeconds
}: Pick<Revocations, 'cursor' | 'stalenessSeconds'>): boolean =>
  cursor !== '' && !Number.isFinite(stalenessSeconds())

function whyNotLoaded(
  revoked: Pick<Revocations, 'cursor' | 'stalenessSeconds' | 'unreadable'>
): string {
  if (revoked.unreadable > 0) return UNREADABLE
  return isUnheard(revoked) ? UNHEARD : 'the revocation log has not been read yet'
}
