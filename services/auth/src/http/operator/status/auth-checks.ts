import type { Check } from '@gatehouse/process/findings'
import type { AccountStore } from '../../../accounts/account-store.ts'
import { KEPT_CONNECTIONS } from '../../../database/postgres/pools/kept-connections.ts'
import type { OpenRevocations } from '../../../revocations/open-revocations.ts'
import type { Families } from '../../../sessions/families/families.ts'

/**
 * above this, the revocation log does not accept the writes of this process, which writes twice a
 * second
 */
const UNWRITTEN_SECONDS = 5

type CheckedStores = {
  readonly sessions: Pick<Families, 'ping'>
  readonly accounts: Pick<AccountStore, 'ping'>
  readonly revocations: Pick<OpenRevocations, 'unwrittenSeconds'>
  /** in milliseconds, never set back */
  readonly monotonicClock: () => number
}

/**
 * The stores that the auth service needs. A fault only degrades it: it serves the key set and the
 * metadata from memory, and responses that need the store are 503 themselves. All instances share
 * the stores, so an outage must not take all of them out of a load balancer. But an instance that
 * has never reached a store since its start fails, so that a load balancer prefers the others. The
 * database has to answer several calls at once, which opens the connections that the pool keeps: on
 * a busy machine, the first requests would not wait long enough for them. A store may answer and
 * still not work: a replica can be read, but accepts no revocation.
 */
export function authChecks(stores: CheckedStores): Record<string, Check> {
  const { sessions, accounts, revocations, monotonicClock } = stores
  const answers = (ping: () => Promise<void>, store: string, firstCalls = 1): Check => {
    const atOnce = firstCalls === 1 ? '' : ` ${firstCalls} calls at once`
    let answeredMs = Number.NEGATIVE_INFINITY
    return async () => {
      try {
        const calls = Number.isFinite(answeredMs) ? 1 : firstCalls
        await Promise.all(Array.from({ length: calls }, ping))
        answeredMs = monotonicClock()
        return { ageSeconds: 0 }
      } catch {
        const ageSeconds = (monotonicClock() - answeredMs) / 1000
        return Number.isFinite(ageSeconds)
          ? { degraded: `${store} does not answer`, ageSeconds }
          : { failing: `${store} has not answered${atOnce} since the start`, ageSeconds }
      }
    }
  }
  return {
    sessions: answers(sessions.ping, 'the session store'),
    accounts: answers(accounts.ping, 'the database', KEPT_CONNECTIONS),
    revocations: () => {
      const ageSeconds = revocations.unwrittenSeconds()
      const degraded = 'the revocation log cannot be written'
      return ageSeconds < UNWRITTEN_SECONDS ? { ageSeconds } : { degraded, ageSeconds }
    }
  }
}
