import { words } from '@gatehouse/settings/words'
import { type Static, Type } from 'typebox'

/** The settings of accounts. .env.example describes each of them. */
export const accountSettings = {
  AUTH_REGISTRATION: Type.Enum(['open', 'invite', 'off', 'closed'], { default: 'open' }),
  AUTH_SECOND_FACTOR: Type.Enum(['off', 'optional', 'required'], { default: 'optional' }),
  AUTH_SECOND_FACTOR_ROLES: Type.String({ default: '' }),
  /** 0: an account is deleted at once */
  AUTH_DELETION_GRACE_DAYS: Type.Number({ default: 14, minimum: 0, maximum: 90 }),
  AUTH_NEW_USER_ROLES: Type.String({ default: 'user' }),
  AUTH_NEW_USER_SCOPE: Type.String({ default: 'orders:read orders:write' })
}

export type AccountConfig = Static<ReturnType<typeof Type.Object<typeof accountSettings>>>

const ofNewUsers = ['AUTH_NEW_USER_ROLES', 'AUTH_NEW_USER_SCOPE'] as const

/** What is wrong with the settings: a contradiction, or a character that no token may have. */
export const accountFaults = (config: AccountConfig): string[] => [
  ...(config.AUTH_SECOND_FACTOR === 'off' && words(config.AUTH_SECOND_FACTOR_ROLES).length > 0
    ? ['AUTH_SECOND_FACTOR_ROLES needs AUTH_SECOND_FACTOR=optional: with off, no user can add one']
    : []),
  ...ofNewUsers
    .filter((name) => /["\\]/.test(config[name]))
    .map((name) => `${name} must be a list of words without quotation mark and backslash`)
]
