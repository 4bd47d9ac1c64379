import { LOCAL_ISSUER, tokenSettings } from '@gatehouse/access-token/settings'
import { gatewayKeysFaults, gatewayKeysSettings } from '@gatehouse/gateway-keys/settings'
import { PASSWORDS, redisFaults, redisSettings } from '@gatehouse/redis/settings'
import { commonSettings, dataSettings, tracingSettings } from '@gatehouse/settings/common-settings'
import { defaultPorts } from '@gatehouse/settings/default-ports'
import { host, hostNames, port } from '@gatehouse/settings/listeners'
import { originFaults, originSettings } from '@gatehouse/settings/origins'
import { processFaults } from '@gatehouse/settings/process-faults'
import { type Environment, givenSettings } from '@gatehouse/settings/read-settings'
import { paddedSecrets } from '@gatehouse/settings/secret'
import { unknownSettings } from '@gatehouse/settings/unknown-settings'
import { workerCount, workerFaults, workersSetting } from '@gatehouse/settings/workers'
import { clientTlsSettings } from '@gatehouse/tls/client-settings'
import { listenerFaults, listenerSettings } from '@gatehouse/tls/listener-settings'
import { type Static, Type } from 'typebox'
import { accountFaults, accountSettings } from './accounts/account-settings.ts'
import { passwordSettings } from './accounts/passwords/password-settings.ts'
import { auditFaults, auditSettings } from './audit/audit-settings.ts'
import {
  type DatabaseConfig,
  databaseOf,
  databaseSettings,
  sharedDatabase,
  unsafeDatabase
} from './database/database-settings.ts'
import { unverifiedDatabase } from './database/postgres/address/unverified-database.ts'
import { passkeyFaults, passkeySettings } from './factors/passkeys/passkey-settings.ts'
import { keySettings } from './keys/key-settings.ts'
import { mailFaults, mailSettings } from './mail/mail-settings.ts'
import { pagesFaults, pagesSettings } from './mail/pages-url.ts'
import { operatorFaults, operatorSettings } from './operators/operator-settings.ts'
import { providerFaults, providerSettings } from './providers/provider-settings.ts'
import { revocationFaults, revocationSettings } from './revocations/revocation-settings.ts'
import { missingSecrets, secretSettings } from './secrets/secret-settings.ts'
import { sessionSettings } from './sessions/session-settings.ts'
import { throttlingSettings } from './throttling/throttling-settings.ts'
import { accessTokenSettings } from './tokens/access-token-settings.ts'
import { claimTemplateFaults } from './tokens/claim-template.ts'
import { webhookFaults, webhookSettings } from './webhooks/webhook-settings.ts'

/** The settings of the auth service, each in the folder that uses it. */
export const authSettings = {
  ...commonSettings,
  ...tracingSettings,
  ...dataSettings,
  ...redisSettings,
  ...tokenSettings,
  ...originSettings,
  ...databaseSettings,
  ...revocationSettings,
  AUTH_HOST: host(),
  AUTH_PORT: port(defaultPorts.AUTH_PORT),
  AUTH_OPS_HOST: host(),
  AUTH_OPS_PORT: port(defaultPorts.AUTH_OPS_PORT),
  ...listenerSettings('AUTH'),
  AUTH_UPSTREAM_NAME: Type.String({ default: 'auth', minLength: 1 }),
  ...accessTokenSettings,
  ...sessionSettings,
  ...throttlingSettings,
  ...passwordSettings,
  ...auditSettings,
  ...keySettings,
  ...secretSettings,
  AUTH_OPS_HOSTS: hostNames(),
  ...operatorSettings,
  AUTH_WORKERS: workersSetting(),
  ...accountSettings,
  ...passkeySettings,
  ...providerSettings,
  ...webhookSettings,
  ...mailSettings,
  ...pagesSettings,
  AUTH_COOKIE_SAME_SITE: Type.Enum(['strict', 'none'], { default: 'strict' }),
  ...gatewayKeysSettings
}

export type AuthConfig = Static<ReturnType<typeof Type.Object<typeof authSettings>>> &
  Pick<DatabaseConfig, 'database'> & {
    /** how many processes serve the port */
    readonly workers: number
    /** warnings for the operator */
    readonly warnings: readonly string[]
  }

/** @throws SettingsFault */
export function readConfig(environment: Environment): AuthConfig {
  const unknown = unknownSettings(environment, {
    known: Object.keys(authSettings),
    beginnings: ['ALLOWED_', 'AUTH_', 'DATABASE_', 'GATEHOUSE_', 'REDIS_', 'TOKEN_'],
    others: ['AUTH_OPS_URL', 'AUTH_URL', ...Object.keys(clientTlsSettings('AUTH_OPS'))]
  })
  const { settings, refuseFaults } = givenSettings(authSettings, environment)
  const isProduction = settings.NODE_ENV === 'production'
  const { database, faults } = databaseOf(settings)
  const unsafe = [environment.TOKEN_ISSUER ? null : UNSET_ISSUER, unverifiedDatabase(database)]
  const padded = paddedSecrets(settings, [...PASSWORDS, 'DATABASE_PASSWORD'])
  const warnings = isProduction ? unsafe.filter((warning) => warning !== null) : []
  const config = {
    ...settings,
    database,
    workers: workerCount(settings.AUTH_WORKERS),
    warnings: [...unknown.warnings, ...padded, ...warnings]
  }
  refuseFaults([
    ...unknown.faults,
    ...faults,
    ...redisFaults(settings),
    ...accountFaults(config),
    ...passkeyFaults(config),
    ...providerFaults(config),
    ...claimTemplateFaults(config),
    ...revocationFaults(config),
    ...processFaults(config, ['AUTH', 'AUTH_OPS']),
    ...originFaults(config),
    ...listenerFaults('AUTH', config),
    ...gatewayKeysFaults(config),
    ...auditFaults(config),
    ...operatorFaults(config),
    ...webhookFaults(config),
    ...mailFaults(config),
    ...pagesFaults(config),
    ...workerFaults('AUTH', config.AUTH_WORKERS, serverStores(config)),
    ...(isProduction ? productionFaults(config) : [])
  ])
  return config
}

const UNSET_ISSUER = `TOKEN_ISSUER is not set: tokens and the OAuth metadata name this machine, ${LOCAL_ISSUER}`

/** The stores that several processes can share. */
const serverStores = (config: AuthConfig) => ({
  REDIS_URL: config.REDIS_URL,
  DATABASE_URL: sharedDatabase(config)
})

const productionFaults = (config: AuthConfig): string[] => [
  ...missingSecrets(config),
  ...unsafeDatabase(config),
  ...lonelyDatabase(config)
]

/** With Redis there can be several instances, and each of them would have its own accounts. */
const lonelyDatabase = ({ REDIS_URL, DATABASE_URL }: AuthConfig): string[] =>
  REDIS_URL !== undefined && DATABASE_URL === undefined
    ? [
        'DATABASE_URL must be set if REDIS_URL is set in production: without it, each instance would have its own accounts and keys in SQLite. If there is only one instance, set DATABASE_URL=sqlite:'
      ]
    : []
