import type { Account } from '../accounts/account.ts'
import type { FactorChange } from '../factors/factor-changes.ts'
import { ifAvailable } from '../if-available.ts'
import type { Reader } from '../mail/queue/queued-mail.ts'
import type { IdentityRow } from './identities/identity-store.ts'
import { listIdentities, opensSession } from './identities/identity-store.ts'
import { linkIdentity } from './identities/link-identity.ts'
import { requireDomain } from './identities/require-domain.ts'
import { type Newcomer, type ProviderSignIn, signIn } from './identities/sign-in.ts'
import { stepUpByProvider } from './identities/step-up.ts'
import { unlinkIdentity } from './identities/unlink-identity.ts'
import type { ProviderEntry } from './provider-entry.ts'
import { type RedeemedLogin, redeemLogin } from './provider-logins.ts'
import type { ProviderPorts } from './provider-ports.ts'
import { providerLoginRefused } from './provider-refusals.ts'
import { type Begun, beginLogin, type CameBack, comeBack } from './round-trip.ts'

/** The result of a login at a provider, in the hands of the page or app that began it. */
export type Exchange = { readonly code: string; readonly codeVerifier: string }

/** A linked provider, as its user sees it. */
export type OwnIdentity = {
  readonly row: IdentityRow
  /** the id in the file; null: it is no longer configured */
  readonly provider: string | null
  /** false: it must be linked again */
  readonly opensSession: boolean
}

/** A provider, as everybody sees it. */
export type ListedProvider = Pick<ProviderEntry, 'id' | 'name'> & {
  /** whether it can be asked to authenticate its user again */
  readonly reauthentication: boolean
}

/** Logins by other providers (decision 106). */
export type Providers = {
  readonly list: readonly ListedProvider[]
  /** As `beginLogin`. */
  begin(provider: string, asked: Parameters<typeof beginLogin>[2]): Promise<Begun>
  /** As `comeBack`. */
  comeBack(provider: string, returned: Parameters<typeof comeBack>[2]): Promise<CameBack>
  /**
   * The account of the person of a code. The code is used.
   * @throws Refusal UNAUTHENTICATED; and as `signIn`
   */
  signIn(exchange: Exchange, newcomer: Newcomer, by: Reader): Promise<ProviderSignIn>
  identities(account: Account): Promise<OwnIdentity[]>
  /** As `linkIdentity`, with a code, which is used. @throws Refusal UNAUTHENTICATED */
  link(
    account: Account,
    exchange: Exchange & { readonly sid: string },
    change: FactorChange
  ): Promise<OwnIdentity>
  /** As `stepUpByProvider`, with a code, which is used. @throws Refusal UNAUTHENTICATED */
  stepUp(
    session: Parameters<typeof stepUpByProvider>[1],
    exchange: Exchange,
    by: Reader
  ): Promise<void>
  /** As `unlinkIdentity`. */
  unlink(
    account: Account,
    which: Parameters<typeof unlinkIdentity>[2],
    change: FactorChange
  ): Promise<void>
}

export function providers(ports: ProviderPorts): Providers {
  const { entries } = ports
  const redeem = async (exchange: Exchange, { source }: Reader) => {
    const known = knownIdentity(ports, await redeemLogin(ports, exchange))
    if (known !== null) {
      await requireDomain(ports, known, source)
      return known
    }
    await ports.audit.write({ kind: 'login-failed', subject: null, sid: null, source })
    throw providerLoginRefused('the code is unknown, used or expired, or the verifier is wrong')
  }
  const own = (row: IdentityRow, account: Pick<Account, 'passwordVersion'>): OwnIdentity => ({
    row,
    provider: entries.find(({ issuer }) => issuer === row.issuer)?.id ?? null,
    opensSession: opensSession(row, account)
  })
  return {
    list: entries.map(({ id, name }) => ({
      id,
      name,
      reauthentication: ports.clients.get(id)?.reauthenticates ?? false
    })),
    begin: (provider, asked) => beginLogin(ports, provider, asked),
    comeBack: (provider, returned) => comeBack(ports, provider, returned),
    signIn: async (exchange, newcomer, by) =>
      signIn(ports, await redeem(exchange, by), newcomer, by),
    identities: async (account) =>
      (await listIdentities(ports.db, account.id)).map((row) => own(row, account)),
    async link(account, exchange, change) {
      const known = await redeem(exchange, change)
      const row = await linkIdentity(ports, { id: account.id, sid: exchange.sid }, known, change)
      await ifAvailable(ports.stale.publish(account.id))
      return { ...own(row, account), opensSession: true }
    },
    async stepUp(session, exchange, by) {
      await stepUpByProvider(ports, session, await redeem(exchange, by), by)
      await ifAvailable(ports.stale.publish(session.account.id))
    },
    async unlink(account, which, change) {
      await unlinkIdentity(ports, account, which, change)
      await ifAvailable(ports.stale.publish(account.id))
    }
  }
}

/** Null: there is no such login, or its provider is no longer configured. */
function knownIdentity({ entries }: ProviderPorts, redeemed: RedeemedLogin | null) {
  const entry = entries.find(({ id }) => id === redeemed?.provider)
  return redeemed === null || entry === undefined ? null : { entry, identity: redeemed.identity }
}
