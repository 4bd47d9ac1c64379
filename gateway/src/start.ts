import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import { type RoomLog, roomLog } from '@gatehouse/http-service/room-log'
import { connectRedis } from '@gatehouse/redis/connect-redis'
import { redisRevocations } from '@gatehouse/revocation/redis-revocations'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import { listen } from '@gatehouse/room/listen'
import { buildOps } from '@gatehouse/room/ops-listener'
import type { Room } from '@gatehouse/room/room'
import { words } from '@gatehouse/settings/fragments'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { Gauge, Registry } from 'prom-client'
import { buildGateway } from './app.ts'
import { newAssertionKey } from './assertions/assertions.ts'
import type { GatewayConfig } from './config.ts'
import { keySetUrl } from './issuers/discover-keys.ts'
import { externalProfile } from './issuers/external-profile.ts'
import { trustedIssuers } from './issuers/trusted-issuers.ts'
import { openSigningKeys, type SigningKeys } from './keys/signing-keys.ts'
import { followRevocations } from './revocation/revoked-sessions.ts'
import { liveRouteTable } from './routes/live-route-table.ts'
import type { TokenProfile } from './tokens/access-token-profile.ts'
import { ownProfile } from './tokens/own-profile.ts'

/** over this the gateway is cut off: a beat of the log is a second */
const STALE_SECONDS = 5

/** @param embedded the log of revocations, where the auth service runs in this process */
export async function startGateway(
  config: GatewayConfig,
  embedded: RevocationSource | null
): Promise<Room> {
  const clock = Date.now
  const log = roomLog('gateway', config.LOG_LEVEL)
  const { source, limitsRedis, disconnect } = redisNeeds(config, embedded)
  const assertionKey = await newAssertionKey()
  const keys = await openSigningKeys({
    url: config.GATEWAY_JWKS_URL,
    file: join(config.GATEHOUSE_DATA_DIR, 'gateway-jwks.json'),
    onFault: (reason) => log.warn({ reason }, 'the key set could not be refreshed'),
    clock
  })
  const own = {
    profile: ownProfile({ issuer: config.TOKEN_ISSUER, audience: config.TOKEN_AUDIENCE }),
    keys
  }
  const external = await externalIssuers(config, log, clock)
  const revoked = followRevocations({
    source,
    onFault: (err) => log.warn({ err }, 'the log of revocations is out of reach'),
    clock
  })
  const routes = liveRouteTable({
    ...{ first: config.table, file: config.GATEWAY_ROUTES, load: config.loadTable },
    onReload: (table) => log.info({ rows: table.routes.length }, 'the route table was read again'),
    onFault: (err) => log.error({ err }, 'the new route table is not used')
  })
  const app = await buildGateway({
    ...{ log, clock, keys, revoked, assertionKey, limitsRedis, table: routes.current },
    https: tlsFiles(config),
    trustedProxies: words(config.GATEWAY_TRUSTED_PROXIES),
    allowedOrigins: words(config.ALLOWED_ORIGINS),
    issuers: trustedIssuers([own, ...external]),
    rememberedTokenBytes: config.GATEWAY_TOKEN_CACHE_BYTES,
    upstreamTimeoutMs: config.GATEWAY_UPSTREAM_TIMEOUT_SECONDS * 1000,
    upstreamConnections: config.GATEWAY_UPSTREAM_CONNECTIONS,
    upstreamWebSockets: config.GATEWAY_UPSTREAM_WEBSOCKETS
  })

  const registry = new Registry()
  new Gauge({
    name: 'gateway_revocation_staleness_seconds',
    help: 'Since the log of revocations was last heard of',
    registers: [registry],
    collect() {
      this.set(revoked.stalenessSeconds())
    }
  })
  issuerMetrics(registry, external)
  const ops = buildOps({
    ...{ log, metrics: registry },
    checks: {
      keys: () => (keys.loaded ? null : 'no key set has been had yet'),
      revocations: () =>
        revoked.stalenessSeconds() < STALE_SECONDS ? null : 'the log of revocations is out of reach'
    }
  })
  ops.get(GATEWAY_KEYS_PATH, async () => ({ keys: [assertionKey.publicJwk] }))
  const opsUrl = await listen(ops, { host: config.GATEWAY_OPS_HOST, port: config.GATEWAY_OPS_PORT })
  const where = { host: config.GATEWAY_HOST, port: config.GATEWAY_PORT }
  const url = await listen(app, { ...where, secure: config.GATEWAY_TLS_CERT_FILE !== undefined })

  return {
    ...{ name: 'gateway', url, opsUrl },
    reload: routes.reload,
    async close() {
      routes.close()
      await app.close()
      await ops.close()
      for (const one of [own, ...external]) one.keys.close()
      disconnect()
      await revoked.close()
    }
  }
}

/** What gateways share: what is revoked, and what callers have used up. */
function redisNeeds(config: GatewayConfig, embedded: RevocationSource | null) {
  const { REDIS_URL: url } = config
  if (embedded !== null && url === undefined) {
    return { source: embedded, limitsRedis: null, disconnect: () => {} }
  }
  if (url === undefined) {
    throw new SettingsFault([
      'REDIS_URL must be set for a gateway of its own: revocations reach it through Redis'
    ])
  }
  const blocking = connectRedis({ url, use: 'blocking', onFault: () => {} })
  const limitsRedis = connectRedis({ url, onFault: () => {} })
  const disconnect = () => {
    blocking.disconnect()
    limitsRedis.disconnect()
  }
  return { source: redisRevocations(blocking), limitsRedis, disconnect }
}

type External = {
  readonly name: string
  readonly profile: TokenProfile
  readonly keys: SigningKeys
}

/** The issuers besides our own. One that is out of reach keeps nobody else's tokens from being taken. */
async function externalIssuers(
  { issuers, GATEHOUSE_DATA_DIR: folder }: GatewayConfig,
  log: RoomLog,
  clock: () => number
): Promise<External[]> {
  return Promise.all(
    issuers.map(async (row) => ({
      name: row.name,
      profile: externalProfile(row),
      keys: await openSigningKeys({
        url: keySetUrl(row),
        file: join(folder, `gateway-jwks-${row.name}.json`),
        onFault: (reason) =>
          log.warn({ reason, issuer: row.name }, 'the key set of an issuer could not be refreshed'),
        clock
      })
    }))
  )
}

function issuerMetrics(registry: Registry, external: readonly External[]): void {
  new Gauge({
    name: 'gateway_issuer_keys_loaded',
    help: 'Whether the key set of an issuer besides our own has been had',
    labelNames: ['issuer'],
    registers: [registry],
    collect() {
      for (const { name, keys } of external) this.set({ issuer: name }, keys.loaded ? 1 : 0)
    }
  })
}

function tlsFiles(config: GatewayConfig) {
  const { GATEWAY_TLS_CERT_FILE: cert, GATEWAY_TLS_KEY_FILE: key } = config
  return cert === undefined || key === undefined
    ? null
    : { cert: readFileSync(cert), key: readFileSync(key) }
}
