import { publicUrl } from '@gatehouse/access-token/public-url'
import type { AccountConfig } from '../accounts/account-settings.ts'
import { factorPolicyOf } from '../accounts/needs-factor.ts'
import type { Database } from '../database/open-database.ts'
import { type PasskeyConfig, passkeyPolicyOf } from '../factors/passkeys/passkey-settings.ts'
import type { Ports } from '../ports.ts'
import type { StaleTokens } from '../revocations/stale-tokens.ts'
import { callbackPath } from './callback-path.ts'
import { takeBackRights } from './identities/take-back-rights.ts'
import { githubProtocol } from './protocol/github-protocol.ts'
import { openidProtocol } from './protocol/openid-protocol.ts'
import {
  boundedClient,
  type ClientOptions,
  type ProviderClient
} from './protocol/provider-client.ts'
import type { ProviderEntry } from './provider-entry.ts'
import { readProviders } from './provider-file.ts'
import { forgetLogins } from './provider-logins.ts'
import { providerMetrics } from './provider-metrics.ts'
import type { ProviderPorts } from './provider-ports.ts'
import { type ProviderConfig, returnUrlsOf } from './provider-settings.ts'
import { type Providers, providers } from './providers.ts'

type OpenPorts = Pick<Ports, 'log' | 'registry' | 'cleanups' | 'monotonicClock'> &
  Pick<ProviderPorts, 'sealing' | 'audit' | 'mail' | 'marks' | 'clock'> & {
    readonly database: Database
    readonly revocations: { readonly stale: StaleTokens }
  }

/** for each request to a provider */
const TIMEOUT_SECONDS = 5

/** @throws SettingsFault with every fault of the file */
export function openProviders(
  config: ProviderConfig & PasskeyConfig & AccountConfig,
  ports: OpenPorts
): Providers {
  const { database, registry, cleanups, revocations, clock } = ports
  const db = database.tables
  const entries = readProviders(config)
  cleanups.push(forgetLogins(db, clock))
  const opened = {
    ...ports,
    db,
    entries,
    passkeys: passkeyPolicyOf(config),
    factorPolicy: factorPolicyOf(config),
    stale: revocations.stale,
    clients: clientsOf(entries, config, ports),
    returnUrls: returnUrlsOf(config),
    count: providerMetrics(registry, entries)
  }
  cleanups.push(takeBackRights(opened))
  return providers(opened)
}

function clientsOf(
  entries: readonly ProviderEntry[],
  { TOKEN_ISSUER }: Pick<ProviderConfig, 'TOKEN_ISSUER'>,
  { monotonicClock }: Pick<OpenPorts, 'monotonicClock'>
): ReadonlyMap<string, ProviderClient> {
  return new Map(
    entries.map((entry) => {
      const redirectUri = publicUrl(TOKEN_ISSUER, `/auth${callbackPath(entry.id)}`)
      const options = { redirectUri, timeoutSeconds: TIMEOUT_SECONDS, monotonicClock }
      return [entry.id, boundedClient(protocolOf(entry, options))]
    })
  )
}

const protocolOf = (entry: ProviderEntry, options: ClientOptions): ProviderClient =>
  entry.kind === 'github' ? githubProtocol(entry, options) : openidProtocol(entry, options)
