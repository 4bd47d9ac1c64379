import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { ProofFlaw } from '@gatehouse/identity/gateway-proof'

/**
 * What an operator can do about a proof that is not accepted. Any program can send an invalid one.
 */
const remedies: Readonly<Record<Exclude<ProofFlaw, 'invalid'>, string>> = {
  'keys-unavailable': 'GATEWAY_KEYS_URL must be an address at which a gateway publishes its keys',
  'unknown-key':
    'GATEWAY_KEYS_URL must name a gateway with the same Redis as the one that sent this',
  'other-service': 'AUTH_UPSTREAM_NAME must be the name of this service in the route table',
  expired: 'compare the clocks of the gateways and the auth services'
}

const UNPROVED =
  'the proof of a gateway is not accepted: client addresses in its requests are ignored, and limits apply to the address of the gateway'

/** between two lines about one flaw */
const PAUSE_MS = 60_000

/**
 * Tells the operator that a gateway could not prove itself, and why: its requests are served, but
 * limits by address then apply to all clients together.
 * @param monotonicClock in milliseconds
 */
export function noteProofFlaws(
  log: Pick<ServiceLog, 'warn'>,
  monotonicClock: () => number = () => performance.now()
): (flaw: ProofFlaw) => void {
  const nextMs = new Map<ProofFlaw, number>()
  return (flaw) => {
    if (flaw === 'invalid' || monotonicClock() < (nextMs.get(flaw) ?? 0)) return
    nextMs.set(flaw, monotonicClock() + PAUSE_MS)
    log.warn({ reason: flaw, remedy: remedies[flaw] }, UNPROVED)
  }
}
