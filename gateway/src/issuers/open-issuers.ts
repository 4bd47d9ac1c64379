import { join } from 'node:path'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import { KEY_MEMORY_SECONDS } from '@gatehouse/revocation/revocation'
import { clientTlsReader } from '@gatehouse/tls/client-settings'
import { Gauge, type Registry } from 'prom-client'
import type { GatewayConfig } from '../config.ts'
import { openSigningKeys, type SigningKeys } from '../keys/signing-keys.ts'
import { ownProfile } from '../tokens/own-profile.ts'
import { keySetUrl } from './discover-keys.ts'
import { externalProfiles } from './external-profile.ts'
import { type TrustedIssuers, trustedIssuers } from './trusted-issuers.ts'

/** The issuers whose tokens the gateway accepts, with the keys of each. */
export type OpenIssuers = {
  readonly trusted: TrustedIssuers
  /** the keys of our own auth service */
  readonly ownKeys: SigningKeys
  close(): void
}

type Needs = { config: GatewayConfig; log: ServiceLog; metrics: Registry; clock: () => number }

/** Another issuer may be far away or slow, and its keys seldom change. */
const PATIENT_DOWNLOAD_MS = 10_000
const LONGEST_PAUSE_MS = 60_000

/**
 * Opens our own issuer and those of the file. An unreachable issuer does not affect the tokens of
 * others.
 */
export async function openIssuers({ config, log, metrics, clock }: Needs): Promise<OpenIssuers> {
  const fileOf = (name: string) => join(config.GATEHOUSE_DATA_DIR, `${name}.json`)
  const ownKeys = openSigningKeys({
    url: config.GATEWAY_JWKS_URL,
    form: 'own',
    file: fileOf('gateway-jwks'),
    onFault: (reason) => log.warn({ reason }, 'the key set could not be refreshed'),
    trustSeconds: KEY_MEMORY_SECONDS,
    tls: clientTlsReader('GATEWAY_JWKS', config),
    clock
  })
  const external = config.issuers.map(async (entry) => ({
    name: entry.name,
    profiles: externalProfiles(entry),
    keys: await openSigningKeys({
      url: keySetUrl(entry, PATIENT_DOWNLOAD_MS),
      form: 'any',
      downloadMs: PATIENT_DOWNLOAD_MS,
      longestPauseMs: LONGEST_PAUSE_MS,
      file: fileOf(`gateway-jwks-${entry.name}`),
      onFault: (reason) =>
        log.warn({ reason, issuer: entry.name }, 'the key set of an issuer could not be refreshed'),
      clock
    })
  }))
  const others = await Promise.all(external)
  const own = {
    profile: ownProfile({ issuer: config.TOKEN_ISSUER, audience: config.TOKEN_AUDIENCE }),
    keys: await ownKeys
  }
  keySetGauges(metrics, own.keys)
  new Gauge({
    name: 'gateway_issuer_keys_loaded',
    help: 'Whether the gateway has the key set of another issuer',
    labelNames: ['issuer'],
    registers: [metrics],
    collect() {
      for (const { name, keys } of others) this.set({ issuer: name }, keys.loaded ? 1 : 0)
    }
  })
  return {
    trusted: trustedIssuers([
      own,
      ...others.flatMap(({ profiles, keys }) => profiles.map((profile) => ({ profile, keys })))
    ]),
    ownKeys: own.keys,
    close() {
      for (const { keys } of [own, ...others]) keys.close()
    }
  }
}

/** Without a trusted key set, the gateway refuses every token of our own auth service. */
function keySetGauges(metrics: Registry, keys: Pick<SigningKeys, 'loaded' | 'ageSeconds'>): void {
  new Gauge({
    name: 'gateway_key_set_trusted',
    help: 'Whether the gateway has a key set of our own auth service that it trusts',
    registers: [metrics],
    collect() {
      this.set(keys.loaded ? 1 : 0)
    }
  })
  new Gauge({
    name: 'gateway_key_set_age_seconds',
    help: 'Seconds since the key set of our own auth service was loaded or confirmed',
    registers: [metrics],
    collect() {
      this.set(keys.ageSeconds())
    }
  })
}
