import { publicUrl } from '@gatehouse/access-token/public-url'
import type { Database } from '../database/open-database.ts'
import { type PasskeyConfig, passkeyPolicyOf } from '../factors/passkeys/passkey-settings.ts'
import type { Ports } from '../ports.ts'
import { callbackPath } from './callback-path.ts'
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
  Pick<ProviderPorts, 'sealing' | 'audit' | 'mail' | 'clock'> & { readonly database: Database }

/** for each request to a provider */
const TIMEOUT_SECONDS = 5

/** @throws SettingsFault with every fault of the file */
export function openProviders(config: ProviderConfig & PasskeyConfig, ports: OpenPorts): Providers {
  const { database, registry, cleanups, clock } = ports
  const db = database.tables
  const entries = readProviders(config)
  cleanups.push(forgetLogins(db, clock))
  return providers({
    ...ports,
    db,
    entries,
    passkeys: passkeyPolicyOf(config),
    clients: clientsOf(entries, config, ports),
    returnUrls: returnUrlsOf(config),
    count: providerMetrics(registry, entries)
  })
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
