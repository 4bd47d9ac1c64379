import { algorithms } from '@gatehouse/access-token/claims'
import { LOCAL_ISSUER, tokenSettings } from '@gatehouse/access-token/settings'
import { gatewayKeysFaults, gatewayKeysSettings } from '@gatehouse/gateway-keys/settings'
import { PASSWORDS, redisFaults, redisSettings } from '@gatehouse/redis/settings'
import { defaultPorts } from '@gatehouse/settings/default-ports'
import {
  commonSettings,
  dataSettings,
  host,
  hostNames,
  port,
  tracingSettings
} from '@gatehouse/settings/fragments'
import { originFaults, originSettings } from '@gatehouse/settings/origins'
import { processFaults } from '@gatehouse/settings/process-faults'
import { type Environment, readSettings, SettingsFault } from '@gatehouse/settings/read-settings'
import { paddedSecrets, secret } from '@gatehouse/settings/secret'
import { unknownSettings } from '@gatehouse/settings/unknown-settings'
import { workerCount, workerFaults, workersSetting } from '@gatehouse/settings/workers'
import { clientTlsSettings } from '@gatehouse/tls/client-settings'
import { listenerFaults, listenerSettings } from '@gatehouse/tls/listener-settings'
import { type Static, Type } from 'typebox'
import { accountSettings } from './accounts/account-settings.ts'
import { auditFaults, auditSettings } from './audit/audit-settings.ts'
import { STATEMENT_MS } from './database/deadlines.ts'
import { type PostgresAddress, postgresAddress } from './database/postgres-address.ts'
import { sslModes } from './database/postgres-tls.ts'
import { unverifiedDatabase } from './database/unverified-database.ts'
import { mailFaults, mailSettings } from './mail/mail-settings.ts'
import { claimTemplateFaults } from './tokens/claim-template.ts'
import { webhookFaults, webhookSettings } from './webhooks/webhook-settings.ts'

const DAY_SECONDS = 86_400
const seconds = (fallback: number, minimum = 1) => Type.Integer({ default: fallback, minimum })

/** The settings of the auth service. .env.example describes each of them. */
export const authSettings = {
  ...commonSettings,
  ...tracingSettings,
  ...dataSettings,
  ...redisSettings,
  ...tokenSettings,
  ...originSettings,
  ...secret('DATABASE_URL'),
  ...secret('DATABASE_PASSWORD'),
  DATABASE_SSLMODE: Type.Optional(Type.Enum([...sslModes])),
  DATABASE_CA_FILE: Type.Optional(Type.String()),
  DATABASE_CERT_FILE: Type.Optional(Type.String()),
  DATABASE_KEY_FILE: Type.Optional(Type.String()),
  DATABASE_POOL_SIZE: Type.Integer({ default: 10, minimum: 1, maximum: 1000 }),
  DATABASE_TIMEOUT_MS: Type.Integer({ default: STATEMENT_MS, minimum: 10, maximum: 30_000 }),
  DATABASE_WAIT_SECONDS: Type.Integer({ default: 30, minimum: 0, maximum: 3600 }),
  REDIS_REVOCATION_REPLICAS: Type.Integer({ default: 0, minimum: 0, maximum: 16 }),
  AUTH_HOST: host(),
  AUTH_PORT: port(defaultPorts.AUTH_PORT),
  AUTH_OPS_HOST: host(),
  AUTH_OPS_PORT: port(defaultPorts.AUTH_OPS_PORT),
  ...listenerSettings('AUTH'),
  AUTH_UPSTREAM_NAME: Type.String({ default: 'auth', minLength: 1 }),
  AUTH_ACCESS_TTL_SECONDS: seconds(300),
  AUTH_TOKEN_CLAIMS: Type.String({ default: '' }),
  AUTH_REFRESH_IDLE_SECONDS: seconds(14 * DAY_SECONDS),
  AUTH_REFRESH_ABSOLUTE_SECONDS: seconds(90 * DAY_SECONDS),
  AUTH_EXCHANGE_TTL_SECONDS: Type.Integer({ default: 60, minimum: 5, maximum: 300 }),
  AUTH_REFRESH_GRACE_SECONDS: seconds(10, 0),
  /** unset: as long as the idle lifetime */
  AUTH_REFRESH_RECOVERY_SECONDS: Type.Optional(Type.Integer({ minimum: 0 })),
  AUTH_REFRESH_REPLAY_CAP: seconds(100),
  AUTH_REFRESH_LIMIT_PER_MINUTE: seconds(120),
  AUTH_SESSIONS_PER_USER: seconds(20),
  AUTH_CREDENTIALS_PER_MINUTE: seconds(600),
  AUTH_PASSWORD_MEMORY_KIB: Type.Integer({ default: 19_456, minimum: 1024 }),
  AUTH_PASSWORD_PASSES: Type.Integer({ default: 2, minimum: 1 }),
  AUTH_PASSWORD_LANES: Type.Integer({ default: 1, minimum: 1, maximum: 16 }),
  AUTH_PASSWORD_THREADS: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })),
  /** libuv's number of threads, which hashes, file access and name lookups share */
  UV_THREADPOOL_SIZE: Type.Integer({ default: 4, minimum: 1, maximum: 1024 }),
  AUTH_PASSWORD_QUEUE: Type.Integer({ default: 128, minimum: 0 }),
  ...auditSettings,
  AUTH_SIGNING_ALGORITHM: Type.Enum([...algorithms], { default: 'ES256' }),
  AUTH_KEY_ROTATION_DAYS: Type.Number({ default: 30, minimum: 0, maximum: 3650 }),
  ...secret('AUTH_REFRESH_KEYS'),
  ...secret('AUTH_KEY_ENCRYPTION_KEY'),
  ...secret('AUTH_OPS_TOKEN'),
  AUTH_OPS_HOSTS: hostNames(),
  AUTH_WORKERS: workersSetting(),
  ...accountSettings,
  ...webhookSettings,
  ...mailSettings,
  AUTH_COOKIE_SAME_SITE: Type.Enum(['strict', 'none'], { default: 'strict' }),
  ...gatewayKeysSettings
}

export type AuthConfig = Static<ReturnType<typeof Type.Object<typeof authSettings>>> & {
  /** the parsed DATABASE_URL; null if it is unset */
  readonly database: PostgresAddress | null
  /** how many processes serve the port */
  readonly workers: number
  /** warnings for the operator */
  readonly warnings: readonly string[]
}

/** the password of docker-compose.yml, for a machine that nobody else can reach */
const DEVELOPMENT_PASSWORD = 'gatehouse'

/** @throws SettingsFault */
export function readConfig(environment: Environment): AuthConfig {
  const unknown = unknownSettings(environment, {
    known: Object.keys(authSettings),
    beginnings: ['ALLOWED_', 'AUTH_', 'DATABASE_', 'GATEHOUSE_', 'REDIS_', 'TOKEN_'],
    others: ['AUTH_OPS_URL', 'AUTH_URL', ...Object.keys(clientTlsSettings('AUTH_OPS'))]
  })
  const settings = readSettings(authSettings, environment, (given) => [
    ...unknown.faults,
    ...databaseOf(given).faults,
    ...redisFaults(given)
  ])
  const isProduction = settings.NODE_ENV === 'production'
  const { database } = databaseOf(settings)
  const unsafe = [environment.TOKEN_ISSUER ? null : UNSET_ISSUER, unverifiedDatabase(database)]
  const padded = paddedSecrets(settings, [...PASSWORDS, 'DATABASE_PASSWORD'])
  const warnings = isProduction ? unsafe.filter((warning) => warning !== null) : []
  const config = {
    ...settings,
    database,
    workers: workerCount(settings.AUTH_WORKERS),
    warnings: [...unknown.warnings, ...padded, ...warnings]
  }
  const faults = [
    ...claimTemplateFaults(config),
    ...clusterFaults(config),
    ...processFaults(config, ['AUTH', 'AUTH_OPS']),
    ...originFaults(config),
    ...listenerFaults('AUTH', config),
    ...gatewayKeysFaults(config),
    ...auditFaults(config),
    ...webhookFaults(config),
    ...mailFaults(config),
    ...workerFaults('AUTH', config.AUTH_WORKERS, serverStores(config)),
    ...(isProduction ? [...missingSecrets(config), ...lonelyDatabase(config)] : [])
  ]
  if (faults.length > 0) throw new SettingsFault(faults)
  return config
}

type Settings = Static<ReturnType<typeof Type.Object<typeof authSettings>>>

/** The DATABASE_URL of an operator who wants SQLite, also beside Redis. */
const SQLITE = 'sqlite:'

const SQLITE_WITH_PATH =
  'DATABASE_URL: for SQLite, it is sqlite: alone; GATEHOUSE_DATA_DIR names the folder of the file'

const LONELY_PASSWORD =
  'DATABASE_PASSWORD has no effect without the address of a PostgreSQL server in DATABASE_URL'

const UNSET_ISSUER = `TOKEN_ISSUER is not set: tokens and the OAuth metadata name this machine, ${LOCAL_ISSUER}`

function databaseOf({ DATABASE_URL: url, ...settings }: Settings) {
  if (url === undefined || url === SQLITE) {
    const isPassword = settings.DATABASE_PASSWORD !== undefined
    return { database: null, faults: isPassword ? [LONELY_PASSWORD] : [] }
  }
  if (url.startsWith(SQLITE)) return { database: null, faults: [SQLITE_WITH_PATH] }
  try {
    return { database: postgresAddress(url, settings), faults: [] }
  } catch (error) {
    const reason = error instanceof Error ? error.message : ''
    const fault = reason.startsWith('DATABASE_') ? reason : `DATABASE_URL: ${reason}`
    return { database: null, faults: [fault] }
  }
}

/** How long sessions live, in seconds: since the last use, and in total. */
export const lifetimes = (config: AuthConfig) => ({
  idleSeconds: config.AUTH_REFRESH_IDLE_SECONDS,
  absoluteSeconds: config.AUTH_REFRESH_ABSOLUTE_SECONDS
})

/** How long after the grace window a client can recover a lost response; 0: never. */
export const recoverySeconds = (
  config: Pick<AuthConfig, 'AUTH_REFRESH_RECOVERY_SECONDS' | 'AUTH_REFRESH_IDLE_SECONDS'>
): number => config.AUTH_REFRESH_RECOVERY_SECONDS ?? config.AUTH_REFRESH_IDLE_SECONDS

/**
 * WAIT concerns the node that receives it, and in a cluster that may not be the node that was
 * written to.
 */
const clusterFaults = ({ REDIS_URL, REDIS_REVOCATION_REPLICAS }: AuthConfig): string[] =>
  REDIS_REVOCATION_REPLICAS > 0 && /^rediss?\+cluster:/.test(REDIS_URL ?? '')
    ? ['REDIS_REVOCATION_REPLICAS must be 0 with a Redis Cluster']
    : []

/** With Redis there can be several instances, and each of them would have its own accounts. */
const lonelyDatabase = ({ REDIS_URL, DATABASE_URL }: AuthConfig): string[] =>
  REDIS_URL !== undefined && DATABASE_URL === undefined
    ? [
        'DATABASE_URL must be set beside REDIS_URL in production: without it, each instance would have its own accounts and keys in SQLite. If there is only one instance, set DATABASE_URL=sqlite:'
      ]
    : []

/** The stores that several processes can share. */
const serverStores = ({ REDIS_URL, DATABASE_URL }: AuthConfig) => ({
  REDIS_URL,
  DATABASE_URL: DATABASE_URL === SQLITE ? undefined : DATABASE_URL
})

const SECRETS = ['AUTH_REFRESH_KEYS', 'AUTH_KEY_ENCRYPTION_KEY', 'AUTH_OPS_TOKEN'] as const

function missingSecrets(config: AuthConfig): string[] {
  const missing = SECRETS.filter((name) => config[name] === undefined).map(
    (name) => `${name} (or ${name}_FILE) must be set in production`
  )
  const password = config.DATABASE_PASSWORD ?? URL.parse(config.DATABASE_URL ?? '')?.password
  return password === DEVELOPMENT_PASSWORD
    ? [...missing, 'DATABASE_URL must not have the password of docker-compose.yml in production']
    : missing
}
