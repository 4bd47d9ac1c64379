import type { Check } from '@gatehouse/room/ops-listener'
import type { AccountStore } from '../accounts/account-store.ts'
import type { Heartbeats } from '../revocations/heartbeats.ts'
import type { Families } from '../sessions/families.ts'

/** over this the log of revocations does not take what this process writes: it writes twice a second */
const UNWRITTEN_SECONDS = 5

/**
 * What must answer for the auth service to do its work. A store may answer and yet not do it: a replica reads, and takes no
 * revocation.
 */
export function authChecks(stores: {
  families: Pick<Families, 'ping'>
  accounts: Pick<AccountStore, 'ping'>
  /** null where there is nobody to tell */
  heartbeats: Pick<Heartbeats, 'ageSeconds'> | null
}): Record<string, Check> {
  const answers = (ping: () => Promise<void>, fault: string) => () =>
    ping().then(
      () => null,
      () => fault
    )
  return {
    sessions: answers(stores.families.ping, 'the session store does not answer'),
    accounts: answers(stores.accounts.ping, 'the database does not answer'),
    revocations: () =>
      (stores.heartbeats?.ageSeconds() ?? 0) < UNWRITTEN_SECONDS
        ? null
        : 'the log of revocations cannot be written'
  }
}
