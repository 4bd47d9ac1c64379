import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { registrationOff } from '../../accounts/account-refusals.ts'
import { accountStore } from '../../accounts/account-store.ts'
import type { Tables } from '../../database/tables.ts'
import type { UsedIdentity } from '../../factors/factor-ports.ts'
import { ifAvailable } from '../../if-available.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import { addressNotVerified, mustLink, providerLoginRefused } from '../provider-refusals.ts'
import { createAccount } from './create-account.ts'
import { type Found, Overtaken, withRights } from './found-account.ts'
import type { IdentityPorts } from './identity-ports.ts'
import { findIdentity, noteIdentityUse, opensSession } from './identity-store.ts'
import { type KnownIdentity, verifiedEmail } from './known-identity.ts'
import { linkByAddress } from './link-by-address.ts'

/** The rights of an account that a login creates; null: a login creates none. */
export type Newcomer = Pick<Account, 'roles' | 'scope'> | null

/** The account of a person who has come back from a provider. */
export type ProviderSignIn = {
  readonly account: Account
  readonly identity: UsedIdentity
  /**
   * when the person has authenticated at the provider, in seconds since 1970. 0: it should say, and
   * does not; undefined: it cannot say, so the present login counts
   */
  readonly authenticatedAt: number | undefined
  /**
   * Notes the login, in the transaction that opens the session.
   * @throws Refusal UNAUTHENTICATED if the provider was unlinked meanwhile
   */
  use(transaction: Kysely<Tables>, nowMs: number): Promise<void>
}

const MOST_ATTEMPTS = 3

/**
 * The account of a person. An unknown person gets one, or is linked to the account with the same
 * address, only by the rules of the provider.
 * @throws Refusal UNAUTHENTICATED, FORBIDDEN; CONFLICT if the user must sign in and link it first
 */
export async function signIn(
  ports: IdentityPorts,
  known: KnownIdentity,
  newcomer: Newcomer,
  by: Reader
): Promise<ProviderSignIn> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { account, row, hasOtherRights } = await accountOf(ports, known, newcomer, by)
      if (hasOtherRights) await ifAvailable(ports.stale.publish(account.id))
      const identity = { id: row.id, email: known.identity.email }
      return {
        account,
        identity,
        authenticatedAt: known.identity.authenticatedAt,
        async use(transaction, nowMs) {
          if (!(await noteIdentityUse(transaction, identity, account, nowMs))) {
            throw providerLoginRefused('the provider was unlinked during the login')
          }
        }
      }
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      if (attempt === MOST_ATTEMPTS) throw mustLink()
    }
  }
}

async function accountOf(
  ports: IdentityPorts,
  known: KnownIdentity,
  newcomer: Newcomer,
  by: Reader
): Promise<Found> {
  const { db } = ports
  const accounts = accountStore(db)
  const row = await findIdentity(db, known.identity)
  if (row !== null) {
    const account = await accounts.findById(row.subject)
    if (account === null || account.disabled) return await refuseLogin(ports, row.subject, by)
    if (opensSession(row, account)) return await withRights(ports, { account, row }, known, by)
    return await linkByAddress(ports, { account, row }, known, by)
  }
  const email = verifiedEmail(known)
  if (email === null) throw addressNotVerified()
  const account = await accounts.findByEmail(email)
  if (account !== null) return await linkByAddress(ports, { account, row }, known, by)
  if (newcomer === null || !known.entry.registration) throw registrationOff()
  return await createAccount(ports, known, { email, ...newcomer }, by)
}

async function refuseLogin(
  { audit }: IdentityPorts,
  subject: string,
  { source }: Reader
): Promise<never> {
  await audit.write({ kind: 'login-failed', subject, sid: null, source })
  throw providerLoginRefused('the account of the linked provider is disabled or gone')
}
