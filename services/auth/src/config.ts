import { algorithms } from '@gatehouse/access-token/claims'
import { tokenSettings } from '@gatehouse/access-token/settings'
import { redisFaults, redisSettings } from '@gatehouse/redis/settings'
import { commonSettings, dataSettings, host, port } from '@gatehouse/settings/fragments'
import { originFaults, originSettings } from '@gatehouse/settings/origins'
import { type Environment, readSettings, SettingsFault } from '@gatehouse/settings/read-settings'
import { type Static, Type } from 'typebox'
import { STATEMENT_MS } from './database/deadlines.ts'
import { type PostgresAddress, postgresAddress } from './database/postgres-address.ts'
import { sslModes } from './database/postgres-tls.ts'

const DAY_SECONDS = 86_400
const seconds = (fallback: number, minimum = 1) => Type.Integer({ default: fallback, minimum })

/** The settings of the auth service; .env.example says what each means. */
export const authSettings = {
  ...commonSettings,
  ...dataSettings,
  ...redisSettings,
  ...tokenSettings,
  ...originSettings,
  DATABASE_URL: Type.Optional(Type.String()),
  DATABASE_SSLMODE: Type.Optional(Type.Enum([...sslModes])),
  DATABASE_CA_FILE: Type.Optional(Type.String()),
  DATABASE_CERT_FILE: Type.Optional(Type.String()),
  DATABASE_KEY_FILE: Type.Optional(Type.String()),
  DATABASE_POOL_SIZE: Type.Integer({ default: 10, minimum: 1, maximum: 1000 }),
  DATABASE_TIMEOUT_MS: Type.Integer({ default: STATEMENT_MS, minimum: 10, maximum: 30_000 }),
  DATABASE_WAIT_SECONDS: Type.Integer({ default: 30, minimum: 0, maximum: 3600 }),
  REDIS_REVOCATION_REPLICAS: Type.Integer({ default: 0, minimum: 0, maximum: 16 }),
  AUTH_HOST: host(),
  AUTH_PORT: port(3001),
  AUTH_OPS_HOST: host(),
  AUTH_OPS_PORT: port(3901),
  AUTH_ACCESS_TTL_SECONDS: seconds(300),
  AUTH_REFRESH_IDLE_SECONDS: seconds(14 * DAY_SECONDS),
  AUTH_REFRESH_ABSOLUTE_SECONDS: seconds(90 * DAY_SECONDS),
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
  /** libuv's: how many threads hashes, files and name lookups share */
  UV_THREADPOOL_SIZE: Type.Integer({ default: 4, minimum: 1, maximum: 1024 }),
  AUTH_PASSWORD_QUEUE: Type.Integer({ default: 128, minimum: 0 }),
  AUTH_SIGNING_ALGORITHM: Type.Enum([...algorithms], { default: 'ES256' }),
  AUTH_KEY_ROTATION_DAYS: Type.Number({ default: 30, minimum: 0, maximum: 3650 }),
  AUTH_REFRESH_KEYS: Type.Optional(Type.String()),
  AUTH_REFRESH_KEYS_FILE: Type.Optional(Type.String()),
  AUTH_KEY_ENCRYPTION_KEY: Type.Optional(Type.String()),
  AUTH_KEY_ENCRYPTION_KEY_FILE: Type.Optional(Type.String()),
  AUTH_OPS_TOKEN: Type.Optional(Type.String()),
  AUTH_OPS_TOKEN_FILE: Type.Optional(Type.String()),
  AUTH_OPS_HOSTS: Type.String({ default: '' }),
  AUTH_REGISTRATION: Type.Enum(['open', 'off'], { default: 'open' }),
  AUTH_COOKIE_SAME_SITE: Type.Enum(['strict', 'none'], { default: 'strict' }),
  AUTH_NEW_USER_ROLES: Type.String({ default: 'user' }),
  AUTH_NEW_USER_SCOPE: Type.String({ default: 'orders:read orders:write' }),
  GATEWAY_KEYS_URL: Type.String({
    default: 'http://127.0.0.1:3900/.well-known/gateway-jwks.json',
    pattern: '^https?://'
  })
}

export type AuthConfig = Static<ReturnType<typeof Type.Object<typeof authSettings>>> & {
  /** the DATABASE_URL, read; null where it is unset */
  readonly database: PostgresAddress | null
}

/** docker-compose.yml's, for a machine that nobody else can reach */
const DEVELOPMENT_PASSWORD = 'gatehouse'

/** @throws SettingsFault */
export function readConfig(environment: Environment): AuthConfig {
  const settings = readSettings(authSettings, environment, (given) => [
    ...databaseOf(given).faults,
    ...redisFaults(given)
  ])
  const config = { ...settings, database: databaseOf(settings).database }
  const faults = [
    ...clusterFaults(config),
    ...originFaults(config),
    ...(config.NODE_ENV === 'production' ? missingSecrets(config) : [])
  ]
  if (faults.length > 0) throw new SettingsFault(faults)
  return config
}

function databaseOf({ DATABASE_URL: url, ...settings }: Omit<AuthConfig, 'database'>) {
  if (url === undefined) return { database: null, faults: [] }
  try {
    return { database: postgresAddress(url, settings), faults: [] }
  } catch (error) {
    const reason = error instanceof Error ? error.message : ''
    return { database: null, faults: [`DATABASE_URL: ${reason}`] }
  }
}

/** How long after grace a refresh whose answer was lost is answered again; 0: not at all. */
export const recoverySeconds = (
  config: Pick<AuthConfig, 'AUTH_REFRESH_RECOVERY_SECONDS' | 'AUTH_REFRESH_IDLE_SECONDS'>
): number => config.AUTH_REFRESH_RECOVERY_SECONDS ?? config.AUTH_REFRESH_IDLE_SECONDS

/** WAIT is about the node that it is sent to, and in a cluster that need not be the one that was written to. */
const clusterFaults = ({ REDIS_URL, REDIS_REVOCATION_REPLICAS }: AuthConfig): string[] =>
  REDIS_REVOCATION_REPLICAS > 0 && /^rediss?\+cluster:/.test(REDIS_URL ?? '')
    ? ['REDIS_REVOCATION_REPLICAS must be 0 with a Redis Cluster']
    : []

function missingSecrets(config: AuthConfig): string[] {
  const given = {
    AUTH_REFRESH_KEYS: config.AUTH_REFRESH_KEYS ?? config.AUTH_REFRESH_KEYS_FILE,
    AUTH_KEY_ENCRYPTION_KEY: config.AUTH_KEY_ENCRYPTION_KEY ?? config.AUTH_KEY_ENCRYPTION_KEY_FILE,
    AUTH_OPS_TOKEN: config.AUTH_OPS_TOKEN ?? config.AUTH_OPS_TOKEN_FILE
  }
  const missing = Object.entries(given)
    .filter(([, value]) => value === undefined)
    .map(([name]) => `${name} (or ${name}_FILE) must be set in production`)
  const known = URL.parse(config.DATABASE_URL ?? '')?.password === DEVELOPMENT_PASSWORD
  return known
    ? [...missing, 'DATABASE_URL must have a password of its own in production']
    : missing
}
