import { openAccounts } from './accounts/open-accounts.ts'
import { openAuditChain } from './audit-chain/open-audit-chain.ts'
import { openClients } from './clients/open-clients.ts'
import type { AuthConfig } from './config.ts'
import { openFactors } from './factors/open-factors.ts'
import type { AuthSettings } from './http/app-settings.ts'
import { openInvitations } from './invitations/open-invitations.ts'
import { noKeyWithdrawals, redisKeyWithdrawals } from './keys/key-withdrawals.ts'
import { longestTokenSeconds } from './keys/longest-token-seconds.ts'
import { openKeys } from './keys/open-keys.ts'
import { openLetters } from './letters/open-letters.ts'
import { openOperators } from './operators/open-operators.ts'
import type { Ports } from './ports.ts'
import { noteIdentityUse } from './providers/identities/identity-store.ts'
import { openProviders } from './providers/open-providers.ts'
import { openRevocations } from './revocations/open-revocations.ts'
import type { Secrets } from './secrets/secrets.ts'
import { openSessions } from './sessions/open-sessions.ts'
import type { OpenStores } from './stores/open-stores.ts'
import { openThrottling } from './throttling/open-throttling.ts'
import { tokenSigners } from './token-signers.ts'
import { accessTokens } from './tokens/access-token.ts'
import { openWebhooks } from './webhooks/open-webhooks.ts'

type StatePorts = Ports & {
  readonly stores: OpenStores
  readonly secrets: Pick<Secrets, 'ring' | 'sealing'>
  readonly settings: Pick<AuthSettings, 'reservedAudiences' | 'tokenPolicy'>
  /** is aborted when the process begins to close */
  readonly ending: AbortSignal
}

/** The state of the service. */
export type OpenState = Awaited<ReturnType<typeof openState>>

/**
 * Opens each folder that has state, in the order in which they need each other.
 * @throws StartFault, SettingsFault as the folders do
 */
export async function openState(config: AuthConfig, ports: StatePorts) {
  const { stores, secrets, settings } = ports
  const { database, store, audit, clock } = stores
  const { ring, sealing } = secrets
  const common = { ...ports, ring, sealing, database, audit, clock }
  const { revocations, keys, tokens, withdrawals } = await openTokenState(config, ports)
  const auditChain = openAuditChain(config, { ...common, keys })
  const operators = openOperators(config, common)
  const letters = openLetters(config, common)
  const { mail } = letters
  const throttling = openThrottling(config, { ...common, store })
  const { guesses } = throttling
  const accounts = openAccounts(config, { ...common, guesses, mail, revocations })
  const { marks } = revocations
  const factors = await openFactors(config, { ...common, guesses, mail, marks, noteIdentityUse })
  const providers = openProviders(config, { ...common, mail, marks, revocations })
  const invitations = openInvitations({ ...common, accounts, guesses })
  const clients = openClients({ ...common, reserved: settings.reservedAudiences, revocations })
  const webhooks = await openWebhooks(config, common)
  const sessions = openSessions(config, {
    ...common,
    mail,
    revocations,
    republish: [revocations.stale.republish, keys.republish, withdrawals.renew],
    isRepublished: async (before) =>
      (await revocations.stale.arePublished(before)) && (await keys.revocationsArePublished()),
    tokens,
    onExpired: stores.onExpired
  })
  return {
    ...letters,
    accounts,
    audit,
    auditChain,
    clients,
    database,
    factors,
    invitations,
    keys,
    operators,
    providers,
    revocations,
    sessions,
    throttling,
    tokens,
    webhooks
  }
}

/** The access tokens, the keys that sign them, and the log that revokes them. */
async function openTokenState(config: AuthConfig, ports: StatePorts) {
  const { stores, secrets, settings, ending } = ports
  const { database, store, fleet, clock } = stores
  const { prepare, sign } = tokenSigners()
  const revocations = await openRevocations(config, {
    ...ports,
    database,
    store,
    longestTokenSeconds: () => longestTokenSeconds(database.tables)
  })
  const withdrawals =
    store.kind === 'redis' ? redisKeyWithdrawals(store.redis, store.partitions) : noKeyWithdrawals
  const keys = await openKeys(config, {
    ...ports,
    database,
    revocations,
    withdrawals,
    fleet,
    sealing: secrets.sealing,
    prepare,
    ending,
    clock
  })
  const tokens = accessTokens({ policy: settings.tokenPolicy, keys, sign, clock })
  return { revocations, keys, tokens, withdrawals }
}
