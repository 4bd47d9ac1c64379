import { type AllowsOrigin, allowOriginsOf } from '@gatehouse/edge-headers/web-origin'
import { gatewayKeysOf } from '@gatehouse/gateway-keys/settings'
import type { IdentityOptions } from '@gatehouse/identity/fastify'
import { drainTimes } from '@gatehouse/settings/drain-times'
import { words } from '@gatehouse/settings/words'
import type { ReservedAudiences } from '../clients/client-audiences.ts'
import type { AuthConfig } from '../config.ts'
import { recoverySeconds } from '../sessions/session-settings.ts'
import type { AccessTokenPolicy } from '../tokens/access-token.ts'
import { claimTemplateOf } from '../tokens/claim-template.ts'

/** Whether pages of other sites may use our cookies; `none` allows it. */
export type CookieSameSite = 'strict' | 'none'

/** The roles and scope of a new user. */
export type NewUser = { readonly roles: readonly string[]; readonly scope: readonly string[] }

/** The app's part of the configuration. */
export type AuthSettings = {
  /** the time that all store calls of one request may take together */
  readonly storeTimeMs: number
  /** how long requests in flight may take when the service closes */
  readonly closeMs: number
  readonly tokenPolicy: AccessTokenPolicy
  /** which audiences no machine client can have */
  readonly reservedAudiences: ReservedAudiences
  readonly identity: IdentityOptions
  /** the name of the auth service in the gateways' route table */
  readonly upstreamName: string
  /** other origins whose pages may use our cookies */
  readonly allowsOrigin: AllowsOrigin
  readonly cookieSameSite: CookieSameSite
  /** who may create an account: everybody, only people with an invitation, or only operators */
  readonly registration: 'open' | 'invite' | 'off'
  /** whether an address must be proven: never, before the first login, or at any time */
  readonly emailVerification: 'off' | 'optional' | 'required'
  readonly newUser: NewUser
}

/** The name of this service in assertions. */
const AUDIENCE = 'auth'

export function settingsOf(config: AuthConfig): AuthSettings {
  return {
    storeTimeMs: Math.max(config.DATABASE_TIMEOUT_MS, config.REDIS_TIMEOUT_MS),
    closeMs: drainTimes(config).closeMs,
    tokenPolicy: {
      issuer: config.TOKEN_ISSUER,
      audience: config.TOKEN_AUDIENCE,
      lifetimeSeconds: config.AUTH_ACCESS_TTL_SECONDS,
      exchangeSeconds: config.AUTH_EXCHANGE_TTL_SECONDS,
      claims: claimTemplateOf(config),
      namesGeneration: recoverySeconds(config) > 0
    },
    reservedAudiences: {
      installation: config.TOKEN_AUDIENCE,
      own: [config.TOKEN_ISSUER, AUDIENCE]
    },
    identity: { gatewayKeys: gatewayKeysOf(config), audience: AUDIENCE },
    upstreamName: config.AUTH_UPSTREAM_NAME,
    allowsOrigin: allowOriginsOf(words(config.ALLOWED_ORIGINS)),
    cookieSameSite: config.AUTH_COOKIE_SAME_SITE,
    // Two spellings of one value (decision 33).
    registration: config.AUTH_REGISTRATION === 'closed' ? 'off' : config.AUTH_REGISTRATION,
    emailVerification: config.AUTH_EMAIL_VERIFICATION,
    newUser: {
      roles: words(config.AUTH_NEW_USER_ROLES),
      scope: words(config.AUTH_NEW_USER_SCOPE)
    }
  }
}
