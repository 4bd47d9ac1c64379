import type { Check } from '@gatehouse/process/ops-listener'
import type { Revocations } from './follow-revocations.ts'

/**
 * above this, the gateway is cut off from the auth services, which write two heartbeats per second
 */
const DEGRADED_SECONDS = 5

/** for the operator */
export const UNREADABLE =
  'a newer version writes revocations that this gateway cannot read; upgrade the gateway'

/**
 * Whether the gateway can decide what is revoked. It cannot until it has read the log once. A
 * gateway that is cut off later serves from memory: all gateways share Redis, and its outage must
 * not take all of them out of the load balancer. A revocation that it cannot read counts as one
 * that has not reached it.
 * @param limitSeconds the staleness above which the operator wants no traffic here; undefined: any
 */
export function revocationCheck(
  revoked: Pick<Revocations, 'loaded' | 'stalenessSeconds' | 'unreadable'>,
  limitSeconds = Number.POSITIVE_INFINITY
): Check {
  return () => {
    const ageSeconds = revoked.stalenessSeconds()
    const unreadable = revoked.unreadable > 0
    if (!revoked.loaded) {
      return {
        failing: unreadable ? UNREADABLE : 'the revocation log has not been read yet',
        ageSeconds
      }
    }
    if (unreadable && ageSeconds <= limitSeconds) return { degraded: UNREADABLE, ageSeconds }
    const heard = Number.isFinite(ageSeconds)
      ? `the last heartbeat of an auth service is ${Math.floor(ageSeconds)} s old`
      : 'no heartbeat of an auth service has been read'
    if (ageSeconds > limitSeconds) return { failing: heard, ageSeconds }
    return ageSeconds > DEGRADED_SECONDS ? { degraded: heard, ageSeconds } : { ageSeconds }
  }
}
