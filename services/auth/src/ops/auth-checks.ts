import type { Check } from '@gatehouse/room/ops-listener'
import type { AccountStore } from '../accounts/account-store.ts'
import type { Families } from '../sessions/families.ts'

/** What must answer for the auth service to do its work. */
export function authChecks(stores: {
  families: Pick<Families, 'ping'>
  accounts: Pick<AccountStore, 'ping'>
}): Record<string, Check> {
  const answers = (ping: () => Promise<void>, fault: string) => () =>
    ping().then(
      () => null,
      () => fault
    )
  return {
    sessions: answers(stores.families.ping, 'the session store does not answer'),
    accounts: answers(stores.accounts.ping, 'the database does not answer')
  }
}
