import { secret } from '@gatehouse/settings/secret'
import type { Static, Type } from 'typebox'

/** The secrets of the auth service. .env.example describes each of them. */
export const secretSettings = {
  ...secret('AUTH_REFRESH_KEYS'),
  ...secret('AUTH_KEY_ENCRYPTION_KEY'),
  ...secret('AUTH_OPS_TOKEN')
}

export type SecretConfig = Static<ReturnType<typeof Type.Object<typeof secretSettings>>> & {
  readonly NODE_ENV: string
  readonly GATEHOUSE_DATA_DIR: string
}

export const secretNames = [
  'AUTH_REFRESH_KEYS',
  'AUTH_KEY_ENCRYPTION_KEY',
  'AUTH_OPS_TOKEN'
] as const

/** The missing secrets. In production, none may be missing. */
export const missingSecrets = (config: SecretConfig): string[] =>
  secretNames
    .filter((name) => config[name] === undefined)
    .map((name) => `${name} (or ${name}_FILE) must be set in production`)
