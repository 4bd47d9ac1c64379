import { allowOriginsOf } from '@gatehouse/edge-headers/web-origin'
import { words } from '@gatehouse/settings/fragments'
import { type HashQueueWatch, hashQueue, hashThreads } from './accounts/hash-queue.ts'
import { type Passwords, passwords } from './accounts/passwords.ts'
import { type AuthConfig, recoverySeconds } from './config.ts'
import { refreshLimit } from './sessions/refresh-limit.ts'

/** The gateway's routes to this service: the audience of an assertion is the name of its route. */
const ROUTES_TO_AUTH = ['auth']

/** The app's part of the configuration. */
export function settingsOf(config: AuthConfig, clock: () => number) {
  return {
    credentialsPerMinute: config.AUTH_CREDENTIALS_PER_MINUTE,
    storeTimeMs: Math.max(config.DATABASE_TIMEOUT_MS, config.REDIS_TIMEOUT_MS),
    tokenPolicy: {
      issuer: config.TOKEN_ISSUER,
      audience: config.TOKEN_AUDIENCE,
      lifetimeSeconds: config.AUTH_ACCESS_TTL_SECONDS,
      namesGeneration: recoverySeconds(config) > 0
    },
    identity: { gatewayKeys: config.GATEWAY_KEYS_URL, routes: ROUTES_TO_AUTH },
    upstreamName: config.AUTH_UPSTREAM_NAME,
    allowsOrigin: allowOriginsOf(words(config.ALLOWED_ORIGINS)),
    cookieSameSite: config.AUTH_COOKIE_SAME_SITE,
    registration: config.AUTH_REGISTRATION,
    refreshLimit: refreshLimit({ perMinute: config.AUTH_REFRESH_LIMIT_PER_MINUTE, clock })
  }
}

/** Passwords, hashed at the configured cost. */
export function passwordsOf(config: AuthConfig, watch: HashQueueWatch): Passwords {
  const cost = {
    memoryKib: config.AUTH_PASSWORD_MEMORY_KIB,
    passes: config.AUTH_PASSWORD_PASSES,
    lanes: config.AUTH_PASSWORD_LANES
  }
  const width = config.AUTH_PASSWORD_THREADS ?? hashThreads(config.UV_THREADPOOL_SIZE)
  return passwords(cost, hashQueue({ width, longest: config.AUTH_PASSWORD_QUEUE, watch }))
}
