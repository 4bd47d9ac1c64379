import { roomLog } from '@gatehouse/http-service/room-log'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import { listen } from '@gatehouse/room/listen'
import { buildOps } from '@gatehouse/room/ops-listener'
import type { Room } from '@gatehouse/room/room'
import { words } from '@gatehouse/settings/fragments'
import { Registry } from 'prom-client'
import { accountStore } from './accounts/account-store.ts'
import { hashQueue, hashThreads } from './accounts/hash-queue.ts'
import { passwords } from './accounts/passwords.ts'
import { buildAuth } from './app.ts'
import { auditLog } from './audit/audit-log.ts'
import { clientStore } from './clients/client-store.ts'
import { usedAssertions } from './clients/used-assertions.ts'
import type { AuthConfig } from './config.ts'
import { loadSigningKeys, signingKeyStore } from './keys/signing-key-store.ts'
import { authMetrics } from './metrics.ts'
import { keyEncryptionKey, refreshKeys } from './secrets.ts'
import { refreshLimit } from './sessions/refresh-limit.ts'
import { openShared, openTables } from './stores.ts'

/** The auth service that is up; with embedded defaults, also the log of revocations for a gateway in this process. */
export type AuthRoom = Room & { readonly revocations: RevocationSource | null }

/** The routes of the gateway that lead here: assertions are made for them by name. */
const ROUTES_TO_AUTH = ['auth']

export async function startAuth(config: AuthConfig): Promise<AuthRoom> {
  const clock = Date.now
  const log = roomLog('auth', config.LOG_LEVEL)
  const database = await openTables(config)
  const keys = await loadSigningKeys(
    signingKeyStore(database, keyEncryptionKey(config)),
    config.AUTH_SIGNING_ALGORITHM,
    clock()
  )
  const { families, revocations, guessCounts, redis } = openShared(config, clock)
  const accounts = accountStore(database)
  const registry = new Registry()

  const service = await buildAuth({
    accounts,
    clients: clientStore(database),
    usedAssertions: usedAssertions(database),
    families,
    ring: refreshKeys(config),
    guessCounts,
    limitsRedis: redis,
    credentialsPerMinute: config.AUTH_CREDENTIALS_PER_MINUTE,
    passwords: passwords(
      {
        memoryKib: config.AUTH_PASSWORD_MEMORY_KIB,
        passes: config.AUTH_PASSWORD_PASSES,
        lanes: config.AUTH_PASSWORD_LANES
      },
      hashQueue({
        width: config.AUTH_PASSWORD_THREADS ?? hashThreads(config.UV_THREADPOOL_SIZE),
        longest: config.AUTH_PASSWORD_QUEUE
      })
    ),
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
    allowedOrigins: words(config.ALLOWED_ORIGINS),
    refreshLimit: refreshLimit({ perMinute: config.AUTH_REFRESH_LIMIT_PER_MINUTE, clock }),
    audit: auditLog(database, clock),
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
      accounts: () =>
        accounts.ping().then(
          () => null,
          () => 'the database does not answer'
        )
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
