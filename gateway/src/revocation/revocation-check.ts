import type { Check } from '@gatehouse/process/ops-listener'
import type { Revocations } from './follow-revocations.ts'

/** over this the gateway is cut off from those who revoke: they write a heartbeat twice a second */
const DEGRADED_SECONDS = 5

/**
 * Whether the gateway can decide what is revoked. Before it has read the log once it cannot. A gateway that is cut off later serves
 * from memory: an outage of Redis, which all gateways share, must not take all of them out of the load balancer.
 * @param limitSeconds of staleness, over which the operator wants no traffic here; undefined: any
 */
export function revocationCheck(
  revoked: Pick<Revocations, 'loaded' | 'stalenessSeconds'>,
  limitSeconds = Number.POSITIVE_INFINITY
): Check {
  return () => {
    const ageSeconds = revoked.stalenessSeconds()
    if (!revoked.loaded) return { failing: 'the revocation log has not been read yet', ageSeconds }
    const heard = Number.isFinite(ageSeconds)
      ? `the last heartbeat of an auth service is ${Math.floor(ageSeconds)} s old`
      : 'no heartbeat of an auth service has been read'
    if (ageSeconds > limitSeconds) return { failing: heard, ageSeconds }
    return ageSeconds > DEGRADED_SECONDS ? { degraded: heard, ageSeconds } : { ageSeconds }
  }
}
