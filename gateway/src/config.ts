import { isIP } from 'node:net'
import { LOCAL_ISSUER, SIGNING_KEYS_PATH, tokenSettings } from '@gatehouse/access-token/settings'
import { redisFaults, redisSettings } from '@gatehouse/redis/settings'
import { defaultAddress, defaultPorts } from '@gatehouse/settings/default-ports'
import { drainFaults } from '@gatehouse/settings/drain-times'
import {
  commonSettings,
  dataSettings,
  host,
  httpUrl,
  port,
  tracingSettings,
  words
} from '@gatehouse/settings/fragments'
import { originFaults, originSettings } from '@gatehouse/settings/origins'
import {
  collectFaults,
  type Environment,
  readSettings,
  SettingsFault
} from '@gatehouse/settings/read-settings'
import { unknownSettings } from '@gatehouse/settings/unknown-settings'
import { shareFaults, workerCount, workerFaults, workersSetting } from '@gatehouse/settings/workers'
import { clientTlsFaults, clientTlsSettings } from '@gatehouse/tls/client-settings'
import { listenerFaults, listenerSettings } from '@gatehouse/tls/listener-settings'
import { type Static, Type } from 'typebox'
import type { IssuerEntry } from './issuers/issuer-entry.ts'
import { loadIssuers } from './issuers/issuer-file.ts'
import { type ProxyHeaders, readProxyHeaders } from './proxies/proxy-headers.ts'
import { proxyProtocols } from './proxies/proxy-protocol.ts'
import { redirectFaults } from './redirect/open-redirect.ts'
import { corsFaults, corsSettings } from './routes/cors-policy.ts'
import { loadRouteTable } from './routes/load-route-table.ts'
import type { RouteTable } from './routes/route-table.ts'
import { readSamples, type Samples, statusClasses } from './telemetry/access-log.ts'

/** The settings of the gateway. .env.example describes each of them. */
export const gatewaySettings = {
  ...commonSettings,
  ...tracingSettings,
  ...dataSettings,
  ...redisSettings,
  ...tokenSettings,
  ...originSettings,
  GATEWAY_ACCESS_LOG: Type.Optional(Type.Enum(['on', 'off'])),
  GATEWAY_ACCESS_LOG_SAMPLES: Type.String({ default: '' }),
  ...corsSettings,
  GATEWAY_HOST: host(),
  GATEWAY_PORT: port(defaultPorts.GATEWAY_PORT),
  GATEWAY_HTTP_REDIRECT_PORT: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535 })),
  GATEWAY_OPS_HOST: host(),
  GATEWAY_OPS_PORT: port(defaultPorts.GATEWAY_OPS_PORT),
  GATEWAY_OPS_HOSTS: Type.String({ default: '' }),
  GATEWAY_ROUTES: Type.String({ default: 'gateway/routes.yaml', minLength: 1 }),
  GATEWAY_JWKS_URL: httpUrl(`${defaultAddress('AUTH_PORT')}${SIGNING_KEYS_PATH}`),
  ...clientTlsSettings('GATEWAY_JWKS'),
  GATEWAY_ISSUERS_FILE: Type.Optional(Type.String({ minLength: 1 })),
  GATEWAY_VERIFY_HOST: host(),
  GATEWAY_VERIFY_PORT: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535 })),
  GATEWAY_TRUSTED_PROXIES: Type.String({ default: '' }),
  GATEWAY_PROXY_HEADERS: Type.String({ default: '' }),
  GATEWAY_PROXY_PROTOCOL: Type.Enum([...proxyProtocols], { default: 'off' }),
  ...listenerSettings('GATEWAY'),
  GATEWAY_HSTS_SECONDS: Type.Integer({ default: 0, minimum: 0 }),
  GATEWAY_READY_STALENESS_SECONDS: Type.Optional(Type.Integer({ minimum: 1 })),
  GATEWAY_KEEPALIVE_SECONDS: Type.Integer({ default: 65, minimum: 1 }),
  GATEWAY_REQUEST_SECONDS: Type.Integer({ default: 300, minimum: 1 }),
  GATEWAY_UPSTREAM_TIMEOUT_SECONDS: Type.Integer({ default: 30, minimum: 1 }),
  GATEWAY_UPSTREAM_CONNECTIONS: Type.Integer({ default: 1024, minimum: 1 }),
  GATEWAY_UPSTREAM_WEBSOCKETS: Type.Integer({ default: 10_000, minimum: 1 }),
  GATEWAY_UPSTREAM_SHARE_PERCENT: Type.Integer({ default: 25, minimum: 1, maximum: 100 }),
  GATEWAY_CONNECTIONS: Type.Integer({ default: 20_000, minimum: 1 }),
  GATEWAY_CONNECTIONS_PER_ADDRESS: Type.Integer({ default: 2000, minimum: 1 }),
  GATEWAY_UNREAD_BYTES: Type.Integer({ default: 512 * 1024 * 1024, minimum: 1024 * 1024 }),
  GATEWAY_TOKEN_CACHE_BYTES: Type.Integer({ default: 64 * 1024 * 1024, minimum: 65536 }),
  GATEWAY_WORKERS: workersSetting()
}

type Settings = Static<ReturnType<typeof Type.Object<typeof gatewaySettings>>>

export type GatewayConfig = Settings & {
  readonly table: RouteTable
  /** which share of the requests is logged; null: there is no access log */
  readonly accessLogSamples: Samples | null
  /** the headers that the trusted proxies write */
  readonly proxyHeaders: ProxyHeaders
  /** how many processes serve the port */
  readonly workers: number
  /** issuers of tokens other than our own */
  readonly issuers: readonly IssuerEntry[]
  /** variables that look like settings of the gateway */
  readonly warnings: readonly string[]
  /** @throws SettingsFault */
  readonly loadTable: () => RouteTable
}

/** @throws SettingsFault */
export function readConfig(environment: Environment): GatewayConfig {
  const unknown = unknownSettings(environment, {
    known: Object.keys(gatewaySettings),
    beginnings: ['ALLOWED_', 'GATEWAY_', 'GATEHOUSE_', 'REDIS_', 'TOKEN_'],
    others: [
      'GATEWAY_KEYS_URL',
      ...Object.keys(clientTlsSettings('GATEWAY_KEYS')),
      'REDIS_REVOCATION_REPLICAS'
    ]
  })
  const settings = readSettings(gatewaySettings, environment, (given) => [
    ...unknown.faults,
    ...redisFaults(given)
  ])
  const faults = faultsOf(settings)
  const proxyHeaders = readProxyHeaders(settings.GATEWAY_PROXY_HEADERS)
  const samples = readSamples(settings.GATEWAY_ACCESS_LOG_SAMPLES)
  const loadTable = () => loadRouteTable(settings.GATEWAY_ROUTES, environment)
  const table = collectFaults(faults, 'GATEWAY_ROUTES', loadTable)
  const issuers = collectFaults(faults, 'GATEWAY_ISSUERS_FILE', () => issuersOf(settings))
  const isRead = proxyHeaders !== null && table !== null && issuers !== null
  if (faults.length > 0 || !isRead) throw new SettingsFault(faults)
  const isProduction = settings.NODE_ENV === 'production'
  const isIssuerForgotten = isProduction && !environment.TOKEN_ISSUER
  const accessLog = settings.GATEWAY_ACCESS_LOG ?? (isProduction ? 'on' : 'off')
  return {
    ...settings,
    accessLogSamples: accessLog === 'on' ? samples : null,
    proxyHeaders,
    workers: workerCount(settings.GATEWAY_WORKERS),
    issuers,
    warnings: isIssuerForgotten ? [...unknown.warnings, UNSET_ISSUER] : unknown.warnings,
    loadTable,
    table
  }
}

/** What is wrong with settings that can be read one by one. The files are not read yet. */
function faultsOf(settings: Settings): string[] {
  const proxies = words(settings.GATEWAY_TRUSTED_PROXIES)
  const faults = [
    ...workerFaults('GATEWAY', settings.GATEWAY_WORKERS, { REDIS_URL: settings.REDIS_URL }),
    ...shareFaults(dividedLimits(settings), workerCount(settings.GATEWAY_WORKERS)),
    ...drainFaults(settings),
    ...originFaults(settings),
    ...corsFaults(settings),
    ...redirectFaults(settings),
    ...clientTlsFaults('GATEWAY_JWKS', settings, settings.GATEWAY_JWKS_URL),
    ...listenerFaults('GATEWAY', settings),
    ...proxyFaults(settings, proxies)
  ]
  if (readSamples(settings.GATEWAY_ACCESS_LOG_SAMPLES) === null) {
    faults.push(
      `GATEWAY_ACCESS_LOG_SAMPLES must be a list such as "2xx=0.1 none=0": classes of ${statusClasses.join(', ')}, each with a share from 0 to 1`
    )
  }
  const isSecure = settings.GATEWAY_TLS_CERT_FILE !== undefined || proxies.length > 0
  if (settings.NODE_ENV === 'production' && !isSecure) {
    faults.push(
      'GATEWAY_TLS_CERT_FILE and GATEWAY_TLS_KEY_FILE, or GATEWAY_TRUSTED_PROXIES, must be set in production: plain HTTP would expose every token'
    )
  }
  return faults
}

/** @throws SettingsFault */
const issuersOf = ({ GATEWAY_ISSUERS_FILE: file, TOKEN_ISSUER }: Settings) =>
  file === undefined ? [] : loadIssuers(file, TOKEN_ISSUER)

const UNSET_ISSUER = `TOKEN_ISSUER is not set: only tokens of ${LOCAL_ISSUER} are accepted`

/** The limits that hold for all workers together: each of them has a share. */
const dividedLimits = (settings: Settings) => ({
  GATEWAY_CONNECTIONS: settings.GATEWAY_CONNECTIONS,
  GATEWAY_CONNECTIONS_PER_ADDRESS: settings.GATEWAY_CONNECTIONS_PER_ADDRESS,
  GATEWAY_UPSTREAM_CONNECTIONS: settings.GATEWAY_UPSTREAM_CONNECTIONS,
  GATEWAY_UPSTREAM_WEBSOCKETS: settings.GATEWAY_UPSTREAM_WEBSOCKETS
})

/** What is wrong with the settings of the proxies in front of the gateway. */
function proxyFaults(settings: Settings, proxies: readonly string[]): string[] {
  const faults: string[] = []
  const wide = proxies.find((range) => !isNarrowRange(range))
  if (wide !== undefined) {
    faults.push(
      `GATEWAY_TRUSTED_PROXIES must be a list of addresses and ranges, none wider than /8 (IPv4) or /7 (IPv6): every address in a range can name any client; ${wide} is not allowed`
    )
  }
  if (readProxyHeaders(settings.GATEWAY_PROXY_HEADERS) === null) {
    faults.push(
      'GATEWAY_PROXY_HEADERS must be forwarded, x-forwarded, or a list of x-forwarded-for (always), x-forwarded-proto, x-forwarded-host and x-forwarded-port'
    )
  }
  if (settings.GATEWAY_PROXY_PROTOCOL !== 'off' && proxies.length === 0) {
    faults.push(
      `GATEWAY_PROXY_PROTOCOL=${settings.GATEWAY_PROXY_PROTOCOL} needs GATEWAY_TRUSTED_PROXIES: only the proxies that it lists may send the header`
    )
  }
  if (settings.GATEWAY_VERIFY_PORT !== undefined && proxies.length === 0) {
    faults.push(
      'GATEWAY_VERIFY_PORT needs GATEWAY_TRUSTED_PROXIES: only the proxies that it lists may ask about requests'
    )
  }
  return faults
}

/** The widest private networks (RFC 1918 §3, RFC 4193 §3.1). */
const WIDEST = { 4: 8, 6: 7 } as const

function isNarrowRange(range: string): boolean {
  const [address = '', bits, ...more] = range.split('/')
  const version = isIP(address)
  if ((version !== 4 && version !== 6) || more.length > 0) return false
  if (bits === undefined) return true
  return (
    /^\d{1,3}$/.test(bits) &&
    Number(bits) >= WIDEST[version] &&
    Number(bits) <= (version === 4 ? 32 : 128)
  )
}
