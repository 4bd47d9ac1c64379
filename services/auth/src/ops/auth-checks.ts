import type { Check } from '@gatehouse/process/ops-listener'
import type { AccountStore } from '../accounts/account-store.ts'
import type { Heartbeats } from '../revocations/heartbeats.ts'
import type { Families } from '../sessions/families.ts'

/** over this the revocation log does not take what this process writes: it writes twice a second */
const UNWRITTEN_SECONDS = 5

type CheckedStores = {
  readonly families: Pick<Families, 'ping'>
  readonly accounts: Pick<AccountStore, 'ping'>
  /** null where gateways read the log in this process */
  readonly heartbeats: Pick<Heartbeats, 'ageSeconds'> | null
  /** in milliseconds, never set back */
  readonly monotonicClock: () => number
}

/**
 * What the auth service needs for all of its work. A fault only degrades it: the key set and the metadata are served from memory,
 * and the answers that need the store are 503 themselves. All instances share the stores, so an outage must not take all of them
 * out of a load balancer. A store may answer and yet not do its work: a replica reads, and takes no revocation.
 */
export function authChecks(stores: CheckedStores): Record<string, Check> {
  const { families, accounts, heartbeats, monotonicClock } = stores
  const answers = (ping: () => Promise<void>, degraded: string): Check => {
    let answeredMs = Number.NEGATIVE_INFINITY
    return async () => {
      try {
        await ping()
        answeredMs = monotonicClock()
        return { ageSeconds: 0 }
      } catch {
        return { degraded, ageSeconds: (monotonicClock() - answeredMs) / 1000 }
      }
    }
  }
  return {
    sessions: answers(families.ping, 'the session store does not answer'),
    accounts: answers(accounts.ping, 'the database does not answer'),
    revocations: () => {
      const ageSeconds = heartbeats?.ageSeconds() ?? 0
      const degraded = 'the revocation log cannot be written'
      return ageSeconds < UNWRITTEN_SECONDS ? { ageSeconds } : { degraded, ageSeconds }
    }
  }
}
