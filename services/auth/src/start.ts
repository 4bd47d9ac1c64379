import { join } from 'node:path'
import { roomLog } from '@gatehouse/http-service/room-log'
import { connectRedis, redisReady } from '@gatehouse/redis/connect-redis'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import { listen } from '@gatehouse/room/listen'
import { buildOps } from '@gatehouse/room/ops-listener'
import type { Room } from '@gatehouse/room/room'
import { Kysely } from 'kysely'
import { Registry } from 'prom-client'
import { accountStore } from './accounts/account-store.ts'
import { buildAuth } from './app.ts'
import type { AuthConfig } from './config.ts'
import { migrate } from './database/migrate.ts'
import { openDatabase } from './database/open-database.ts'
import { nodeSqliteDialect } from './database/sqlite-dialect.ts'
import type { Tables } from './database/tables.ts'
import { loadSigningKeys, signingKeyStore } from './keys/signing-key-store.ts'
import { authMetrics } from './metrics.ts'
import { randomSecret, readSecret } from './secrets.ts'
import type { Families, FamilyStoreOptions } from './sessions/families.ts'
import type { FamilyPolicy } from './sessions/family.ts'
import { parseKeyRing } from './sessions/key-ring.ts'
import { redisFamilies } from './sessions/redis-families.ts'
import { sqliteFamilies } from './sessions/sqlite-families.ts'
import { sqliteRevocations } from './sessions/sqlite-revocations.ts'

/** The auth service that is up; with embedded defaults, also the log of revocations for a gateway in this process. */
export type AuthRoom = Room & { readonly revocations: RevocationSource | null }

/** The routes of the gateway that lead here: assertions are made for them by name. */
const ROUTES_TO_AUTH = ['auth']
/** what a gateway's clock may be behind, on top of the access token's life */
const CLOCK_SKEW_SECONDS = 60

export async function startAuth(config: AuthConfig): Promise<AuthRoom> {
  const clock = Date.now
  const log = roomLog('auth', config.LOG_LEVEL)
  const database = new Kysely<Tables>({
    dialect: nodeSqliteDialect(openDatabase(join(config.GATEHOUSE_DATA_DIR, 'accounts.sqlite')))
  })
  await migrate(database)
  const keys = await loadSigningKeys(
    signingKeyStore(database, keyEncryptionKey(config)),
    config.AUTH_SIGNING_ALGORITHM,
    clock()
  )
  const { families, revocations } = await openFamilies(config, clock)
  const registry = new Registry()

  const service = await buildAuth({
    accounts: accountStore(database),
    families,
    ring: parseKeyRing(refreshKeys(config)),
    signingKeys: () => keys,
    tokenPolicy: {
      issuer: config.TOKEN_ISSUER,
      audience: config.TOKEN_AUDIENCE,
      lifetimeSeconds: config.AUTH_ACCESS_TTL_SECONDS
    },
    identity: { gatewayKeysUrl: config.GATEWAY_KEYS_URL, routes: ROUTES_TO_AUTH },
    newUser: {
      roles: words(config.AUTH_NEW_USER_ROLES),
      scope: words(config.AUTH_NEW_USER_SCOPE)
    },
    allowedOrigins: words(config.AUTH_ALLOWED_ORIGINS),
    metrics: authMetrics(registry),
    ...{ log, clock }
  })
  const ops = buildOps({
    ...{ log, metrics: registry },
    checks: {
      sessions: () =>
        families.ping().then(
          () => null,
          () => 'the session store does not answer'
        ),
      accounts: () => accountsAnswer(database)
    }
  })
  const opsUrl = await listen(ops, { host: config.AUTH_OPS_HOST, port: config.AUTH_OPS_PORT })
  const url = await listen(service, { host: config.AUTH_HOST, port: config.AUTH_PORT })

  return {
    ...{ name: 'auth', url, opsUrl, revocations },
    async close() {
      await service.close()
      await ops.close()
      await families.close()
      await database.destroy()
    }
  }
}

async function openFamilies(config: AuthConfig, clock: () => number) {
  const policy: FamilyPolicy = {
    idleSeconds: config.AUTH_REFRESH_IDLE_SECONDS,
    absoluteSeconds: config.AUTH_REFRESH_ABSOLUTE_SECONDS,
    graceSeconds: config.AUTH_REFRESH_GRACE_SECONDS,
    replayCap: config.AUTH_REFRESH_REPLAY_CAP,
    sessionsPerUser: config.AUTH_SESSIONS_PER_USER
  }
  const revocationSeconds = config.AUTH_ACCESS_TTL_SECONDS + CLOCK_SKEW_SECONDS
  const options: FamilyStoreOptions = { clock, revocationSeconds }
  if (config.REDIS_URL !== undefined) return inRedis(config.REDIS_URL, policy, options)

  const database = openDatabase(join(config.GATEHOUSE_DATA_DIR, 'sessions.sqlite'))
  const revocations = sqliteRevocations(database, revocationSeconds)
  return { families: sqliteFamilies(database, revocations, policy, options), revocations }
}

async function inRedis(
  url: string,
  policy: FamilyPolicy,
  options: FamilyStoreOptions
): Promise<{ families: Families; revocations: null }> {
  // A fault shows as the 503 of a request and in /readyz; the connection mends itself.
  const redis = connectRedis({ url, onFault: () => {} })
  await redisReady(redis)
  return { families: redisFamilies(redis, policy, options), revocations: null }
}

async function accountsAnswer(database: Kysely<Tables>): Promise<string | null> {
  await database.selectFrom('accounts').select('id').limit(1).execute()
  return null
}

function refreshKeys(config: AuthConfig): string {
  return readSecret(
    {
      value: config.AUTH_REFRESH_KEYS,
      file: config.AUTH_REFRESH_KEYS_FILE,
      kept: join(config.GATEHOUSE_DATA_DIR, 'refresh-keys')
    },
    config.NODE_ENV === 'production' ? null : () => `1:${randomSecret()}`
  )
}

function keyEncryptionKey(config: AuthConfig): Buffer {
  const secret = readSecret(
    {
      value: config.AUTH_KEY_ENCRYPTION_KEY,
      file: config.AUTH_KEY_ENCRYPTION_KEY_FILE,
      kept: join(config.GATEHOUSE_DATA_DIR, 'key-encryption-key')
    },
    config.NODE_ENV === 'production' ? null : randomSecret
  )
  const key = Buffer.from(secret, 'base64url')
  if (key.length !== 32) throw new Error('AUTH_KEY_ENCRYPTION_KEY must be 32 bytes as base64url')
  return key
}

/** A list in a setting: separated by spaces or commas. */
function words(list: string): string[] {
  return list.split(/[\s,]+/).filter((word) => word !== '')
}
