import { LOCAL_ISSUER, SIGNING_KEYS_PATH, tokenSettings } from '@gatehouse/access-token/settings'
import { PASSWORDS, redisFaults, redisSettings } from '@gatehouse/redis/settings'
import { commonSettings, dataSettings, tracingSettings } from '@gatehouse/settings/common-settings'
import { defaultAddress, defaultPorts } from '@gatehouse/settings/default-ports'
import { httpUrl } from '@gatehouse/settings/http-url'
import { host, hostNames, port } from '@gatehouse/settings/listeners'
import { originFaults, originSettings } from '@gatehouse/settings/origins'
import { pageLoginSettings } from '@gatehouse/settings/page-login'
import { processFaults } from '@gatehouse/settings/process-faults'
import {
  collectFaults,
  type Environment,
  givenSettings,
  SettingsFault
} from '@gatehouse/settings/read-settings'
import { paddedSecrets } from '@gatehouse/settings/secret'
import { unknownSettings } from '@gatehouse/settings/unknown-settings'
import { words } from '@gatehouse/settings/words'
import { shareFaults, workerCount, workerFaults, workersSetting } from '@gatehouse/settings/workers'
import { clientTlsFaults, clientTlsSettings } from '@gatehouse/tls/client-settings'
import { listenerFaults, listenerSettings } from '@gatehouse/tls/listener-settings'
import { type Static, Type } from 'typebox'
import type { IssuerEntry } from './issuers/issuer-entry.ts'
import { loadIssuers } from './issuers/issuer-file.ts'
import { proxyFaults } from './proxies/proxy-faults.ts'
import { type ProxyHeaders, readProxyHeaders } from './proxies/proxy-headers.ts'
import { proxyProtocols } from './proxies/proxy-protocol.ts'
import { redirectFaults } from './redirect/open-redirect.ts'
import { corsFaults, corsSettings } from './routes/entry/cors-policy.ts'
import type { RouteReader } from './routes/table/live-route-table.ts'
import { filesNamedIn, loadRouteTable, readRouteTable } from './routes/table/load-route-table.ts'
import { pageWarnings } from './routes/table/page-warnings.ts'
import type { RouteTable } from './routes/table/route-table.ts'
import { threadedValidation } from './routes/table/validation/validate-in-thread.ts'
import { readSamples, type Samples, statusClasses } from './telemetry/access-log.ts'

/** for two responses of full size that wait for their clients */
const LEAST_UNREAD_BYTES = 1024 * 1024
/** for some tens of tokens */
const LEAST_CACHE_BYTES = 64 * 1024

/** The settings of the gateway. .env.example describes each of them. */
export const gatewaySettings = {
  ...commonSettings,
  ...tracingSettings,
  ...dataSettings,
  ...redisSettings,
  ...tokenSettings,
  ...originSettings,
  ...pageLoginSettings,
  GATEWAY_ACCESS_LOG: Type.Optional(Type.Enum(['on', 'off'])),
  GATEWAY_ACCESS_LOG_SAMPLES: Type.String({ default: '' }),
  ...corsSettings,
  GATEWAY_NAME: Type.Optional(
    Type.String({
      title: 'a name of at most 64 letters, digits, dots, hyphens, underscores and colons',
      pattern: '^[A-Za-z0-9._:-]{1,64}$'
    })
  ),
  GATEWAY_HOST: host(),
  GATEWAY_PORT: port(defaultPorts.GATEWAY_PORT),
  GATEWAY_HTTP_REDIRECT_PORT: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535 })),
  GATEWAY_HOSTS: hostNames(),
  GATEWAY_OPS_HOST: host(),
  GATEWAY_OPS_PORT: port(defaultPorts.GATEWAY_OPS_PORT),
  GATEWAY_OPS_HOSTS: hostNames(),
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
  GATEWAY_UNREAD_BYTES: Type.Integer({ default: 512 * 1024 * 1024, minimum: LEAST_UNREAD_BYTES }),
  GATEWAY_TOKEN_CACHE_BYTES: Type.Integer({
    default: 64 * 1024 * 1024,
    minimum: LEAST_CACHE_BYTES
  }),
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
  /** Reads another text of the route table. */
  readonly routeReader: RouteReader
}

/** @throws SettingsFault */
export function readConfig(environment: Environment): GatewayConfig {
  const unknown = unknownSettings(environment, {
    known: Object.keys(gatewaySettings),
    beginnings: ['ALLOWED_', 'GATEWAY_', 'GATEHOUSE_', 'REDIS_', 'TOKEN_'],
    others: [
      'GATEWAY_KEYS_URL',
      ...Object.keys(clientTlsSettings('GATEWAY_KEYS')),
      'REDIS_PARTITIONS',
      'REDIS_REVOCATION_REPLICAS'
    ]
  })
  const { settings, refuseFaults } = givenSettings(gatewaySettings, environment)
  const faults = [...unknown.faults, ...redisFaults(settings), ...faultsOf(settings)]
  const proxyHeaders = readProxyHeaders(settings.GATEWAY_PROXY_HEADERS)
  const samples = readSamples(settings.GATEWAY_ACCESS_LOG_SAMPLES)
  const file = settings.GATEWAY_ROUTES
  const table = collectFaults(faults, 'GATEWAY_ROUTES', () => loadRouteTable(file, environment))
  const issuers = collectFaults(faults, 'GATEWAY_ISSUERS_FILE', () =>
    issuersOf(settings, environment)
  )
  refuseFaults(faults)
  if (proxyHeaders === null || table === null || issuers === null) throw new SettingsFault(faults)
  const recentSeconds = settings.AUTH_PAGES_RECENT_SECONDS
  const warningsOf = (one: RouteTable) => pageWarnings(one, recentSeconds)
  const isProduction = settings.NODE_ENV === 'production'
  const isIssuerForgotten = isProduction && !environment.TOKEN_ISSUER
  const accessLog = settings.GATEWAY_ACCESS_LOG ?? (isProduction ? 'on' : 'off')
  return {
    ...settings,
    accessLogSamples: accessLog === 'on' ? samples : null,
    proxyHeaders,
    workers: workerCount(settings.GATEWAY_WORKERS),
    issuers,
    warnings: [
      ...unknown.warnings,
      ...paddedSecrets(settings, PASSWORDS),
      ...warningsOf(table),
      ...(isIssuerForgotten ? [UNSET_ISSUER] : [])
    ],
    routeReader: {
      read: (yaml) => readRouteTable(yaml, environment, file),
      filesNamedIn: (yaml) => filesNamedIn(yaml, environment),
      warningsOf,
      validate: threadedValidation({ environment, file, recentSeconds })
    },
    table
  }
}

/** What the schemas cannot find. Accepts any text. The files are not read yet. */
function faultsOf(settings: Settings): string[] {
  const proxies = words(settings.GATEWAY_TRUSTED_PROXIES)
  const faults = [
    ...workerFaults('GATEWAY', settings.GATEWAY_WORKERS, { REDIS_URL: settings.REDIS_URL }),
    ...shareFaults(dividedLimits(settings), workerCount(settings.GATEWAY_WORKERS)),
    ...processFaults(settings, [
      'GATEWAY',
      'GATEWAY_OPS',
      'GATEWAY_VERIFY',
      'GATEWAY_HTTP_REDIRECT'
    ]),
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
const issuersOf = (settings: Settings, environment: Environment): IssuerEntry[] => {
  const { GATEWAY_ISSUERS_FILE: file, TOKEN_ISSUER } = settings
  return file === undefined ? [] : loadIssuers(file, TOKEN_ISSUER, environment)
}

const UNSET_ISSUER = `TOKEN_ISSUER is not set: only tokens of ${LOCAL_ISSUER} are accepted`

/** The limits that hold for all workers together: each of them has a share. */
const dividedLimits = (settings: Settings) => ({
  GATEWAY_CONNECTIONS: { limit: settings.GATEWAY_CONNECTIONS, least: 1 },
  GATEWAY_CONNECTIONS_PER_ADDRESS: { limit: settings.GATEWAY_CONNECTIONS_PER_ADDRESS, least: 1 },
  GATEWAY_UPSTREAM_CONNECTIONS: { limit: settings.GATEWAY_UPSTREAM_CONNECTIONS, least: 1 },
  GATEWAY_UPSTREAM_WEBSOCKETS: { limit: settings.GATEWAY_UPSTREAM_WEBSOCKETS, least: 1 },
  GATEWAY_UNREAD_BYTES: { limit: settings.GATEWAY_UNREAD_BYTES, least: LEAST_UNREAD_BYTES },
  GATEWAY_TOKEN_CACHE_BYTES: { limit: settings.GATEWAY_TOKEN_CACHE_BYTES, least: LEAST_CACHE_BYTES }
})
