import { join } from 'node:path'
import { KEY_MEMORY_SECONDS } from '@gatehouse/revocation/revocation'
import { type ClientTlsSettings, clientTlsReader } from '@gatehouse/tls/client-settings'
import { Gauge, type Registry } from 'prom-client'
import { openSigningKeys, type SigningKeys } from '../keys/signing-keys.ts'
import type { Ports } from '../ports.ts'
import { ownProfile } from '../tokens/checks/own-profile.ts'
import { type TrustedIssuers, trustedIssuers } from '../tokens/checks/trusted-issuers.ts'
import { keySetUrl } from './discover-keys.ts'
import { externalProfiles } from './external-profile.ts'
import type { IssuerEntry } from './issuer-entry.ts'

type IssuerSettings = ClientTlsSettings & {
  readonly TOKEN_ISSUER: string
  readonly TOKEN_AUDIENCE: string
  readonly GATEWAY_JWKS_URL: string
  readonly GATEHOUSE_DATA_DIR: string
  /** issuers of tokens other than our own */
  readonly issuers: readonly IssuerEntry[]
}

/** The issuers whose tokens the gateway accepts, with the keys of each. */
type OpenIssuers = {
  readonly trusted: TrustedIssuers
  /** the keys of our own auth service */
  readonly ownKeys: SigningKeys
}

/** Another issuer may be far away or slow, and its keys seldom change. */
const PATIENT_DOWNLOAD_MS = 10_000
const LONGEST_PAUSE_MS = 60_000

/**
 * Opens our own issuer and those of the file. An unreachable issuer does not affect the tokens of
 * others.
 */
export async function openIssuers(config: IssuerSettings, ports: Ports): Promise<OpenIssuers> {
  const { metrics, closing } = ports
  const [ownKeys, ...others] = await Promise.all([
    openOwnKeys(config, ports),
    ...config.issuers.map((entry) => openExternal(entry, config, ports))
  ])
  closing.defer(() => {
    ownKeys.close()
    for (const { keys } of others) keys.close()
  })
  keySetGauges(metrics, ownKeys)
  issuerGauge(metrics, others)
  const profile = ownProfile({ issuer: config.TOKEN_ISSUER, audience: config.TOKEN_AUDIENCE })
  const external = others.flatMap(({ profiles, keys }) =>
    profiles.map((profile) => ({ profile, keys }))
  )
  return { trusted: trustedIssuers([{ profile, keys: ownKeys }, ...external]), ownKeys }
}

type KeyPorts = Pick<Ports, 'log' | 'clock' | 'monotonicClock'>

function openOwnKeys(
  config: IssuerSettings,
  { log, clock, monotonicClock }: KeyPorts
): Promise<SigningKeys> {
  const url = config.GATEWAY_JWKS_URL
  return openSigningKeys({
    url,
    form: 'own',
    file: fileOf(config, 'gateway-jwks'),
    onFault: (reason) => log.warn({ reason, url }, 'the key set could not be refreshed'),
    trustSeconds: KEY_MEMORY_SECONDS,
    tls: clientTlsReader('GATEWAY_JWKS', config),
    clock,
    monotonicClock
  })
}

async function openExternal(
  entry: IssuerEntry,
  config: IssuerSettings,
  { log, clock, monotonicClock }: KeyPorts
) {
  const { name } = entry
  const keys = await openSigningKeys({
    url: keySetUrl(entry, PATIENT_DOWNLOAD_MS),
    form: 'any',
    downloadMs: PATIENT_DOWNLOAD_MS,
    longestPauseMs: LONGEST_PAUSE_MS,
    file: fileOf(config, `gateway-jwks-${name}`),
    onFault: (reason) =>
      log.warn({ reason, issuer: name }, 'the key set of an issuer could not be refreshed'),
    clock,
    monotonicClock
  })
  return { name, profiles: externalProfiles(entry), keys }
}

/** The file in which a key set is stored. */
const fileOf = ({ GATEHOUSE_DATA_DIR }: IssuerSettings, name: string): string =>
  join(GATEHOUSE_DATA_DIR, `${name}.json`)

/** Without a trusted key set, the gateway refuses every token of our own auth service. */
function keySetGauges(metrics: Registry, keys: Pick<SigningKeys, 'loaded' | 'ageSeconds'>): void {
  new Gauge({
    name: 'gateway_key_set_trusted',
    help: 'Whether the gateway has a key set of our own auth service that it trusts',
    aggregator: 'min',
    registers: [metrics],
    collect() {
      this.set(keys.loaded ? 1 : 0)
    }
  })
  new Gauge({
    name: 'gateway_key_set_age_seconds',
    help: 'Seconds since the key set of our own auth service was loaded or confirmed',
    aggregator: 'max',
    registers: [metrics],
    collect() {
      this.set(keys.ageSeconds())
    }
  })
}

function issuerGauge(
  metrics: Registry,
  issuers: readonly { readonly name: string; readonly keys: Pick<SigningKeys, 'loaded'> }[]
): void {
  new Gauge({
    name: 'gateway_issuer_keys_loaded',
    help: 'Whether the gateway has the key set of another issuer',
    labelNames: ['issuer'],
    aggregator: 'min',
    registers: [metrics],
    collect() {
      for (const { name, keys } of issuers) this.set({ issuer: name }, keys.loaded ? 1 : 0)
    }
  })
}
