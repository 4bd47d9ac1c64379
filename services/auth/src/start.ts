import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { roomLog } from '@gatehouse/http-service/room-log'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import { listen } from '@gatehouse/room/listen'
import { OPS_ADDRESS_FILE } from '@gatehouse/room/ops-address'
import { buildOps } from '@gatehouse/room/ops-listener'
import type { Room } from '@gatehouse/room/room'
import { words } from '@gatehouse/settings/fragments'
import { Registry } from 'prom-client'
import { accountStore } from './accounts/account-store.ts'
import { hashQueue, hashThreads } from './accounts/hash-queue.ts'
import { type Passwords, passwords } from './accounts/passwords.ts'
import { buildAuth } from './app.ts'
import { auditLog } from './audit/audit-log.ts'
import { clientStore } from './clients/client-store.ts'
import { clients } from './clients/clients.ts'
import { usedAssertions } from './clients/used-assertions.ts'
import type { AuthConfig } from './config.ts'
import { openTables } from './database/open-tables.ts'
import { loadSigningKeys, signingKeyStore } from './keys/signing-key-store.ts'
import { authMetrics } from './metrics.ts'
import { authChecks } from './ops/auth-checks.ts'
import { opsApi } from './ops/ops-api.ts'
import { keyEncryptionKey, opsToken, refreshKeys } from './secrets.ts'
import { refreshLimit } from './sessions/refresh-limit.ts'
import { openShared } from './stores.ts'

/** The auth service that is up; with embedded defaults, also the log of revocations for a gateway in this process. */
export type AuthRoom = Room & { readonly revocations: RevocationSource | null }

/** The routes of the gateway that lead here: assertions are made for them by name. */
const ROUTES_TO_AUTH = ['auth']

export async function startAuth(config: AuthConfig): Promise<AuthRoom> {
  const clock = Date.now
  const log = roomLog('auth', config.LOG_LEVEL)
  const database = await openTables({
    url: config.DATABASE_URL,
    folder: config.GATEHOUSE_DATA_DIR,
    poolSize: config.DATABASE_POOL_SIZE,
    waitSeconds: config.DATABASE_WAIT_SECONDS,
    onWaiting: (err) => log.warn({ err }, 'waiting for the database')
  })
  const keys = await loadSigningKeys(
    signingKeyStore(database, keyEncryptionKey(config)),
    config.AUTH_SIGNING_ALGORITHM,
    clock()
  )
  const { families, revocations, guessCounts, redis } = openShared(config, clock)
  const accounts = accountStore(database)
  const registry = new Registry()

  const audit = auditLog(database, clock)
  const newUser = {
    roles: words(config.AUTH_NEW_USER_ROLES),
    scope: words(config.AUTH_NEW_USER_SCOPE)
  }
  const hashing = passwordsOf(config)
  const machineClients = clientStore(database)

  const service = await buildAuth({
    ...{ accounts, families, audit, newUser, passwords: hashing },
    clients: machineClients,
    usedAssertions: usedAssertions(database),
    ring: refreshKeys(config),
    guessCounts,
    limitsRedis: redis,
    credentialsPerMinute: config.AUTH_CREDENTIALS_PER_MINUTE,
    signingKeys: () => keys,
    tokenPolicy: {
      issuer: config.TOKEN_ISSUER,
      audience: config.TOKEN_AUDIENCE,
      lifetimeSeconds: config.AUTH_ACCESS_TTL_SECONDS
    },
    identity: { gatewayKeysUrl: config.GATEWAY_KEYS_URL, routes: ROUTES_TO_AUTH },
    allowedOrigins: words(config.ALLOWED_ORIGINS),
    refreshLimit: refreshLimit({ perMinute: config.AUTH_REFRESH_LIMIT_PER_MINUTE, clock }),
    metrics: authMetrics(registry),
    ...{ log, clock }
  })
  const ops = buildOps({
    ...{ log, metrics: registry },
    checks: authChecks({ families, accounts })
  })
  opsApi(
    ops,
    {
      ...{ accounts, families, audit, newUser, passwords: hashing, clock },
      clients: clients(machineClients, clock)
    },
    { token: opsToken(config), hosts: words(config.AUTH_OPS_HOSTS) }
  )
  const opsUrl = await listen(ops, { host: config.AUTH_OPS_HOST, port: config.AUTH_OPS_PORT })
  leaveAddress(config, opsUrl)
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

function passwordsOf(config: AuthConfig): Passwords {
  const cost = {
    memoryKib: config.AUTH_PASSWORD_MEMORY_KIB,
    passes: config.AUTH_PASSWORD_PASSES,
    lanes: config.AUTH_PASSWORD_LANES
  }
  const width = config.AUTH_PASSWORD_THREADS ?? hashThreads(config.UV_THREADPOOL_SIZE)
  return passwords(cost, hashQueue({ width, longest: config.AUTH_PASSWORD_QUEUE }))
}

/** Where the command line on this machine finds the ops listener, whatever its port. */
function leaveAddress(config: AuthConfig, opsUrl: string): void {
  mkdirSync(config.GATEHOUSE_DATA_DIR, { recursive: true, mode: 0o700 })
  writeFileSync(join(config.GATEHOUSE_DATA_DIR, OPS_ADDRESS_FILE), opsUrl, { mode: 0o600 })
}
