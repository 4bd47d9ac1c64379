import { type Static, Type } from 'typebox'

/** The settings of accounts. .env.example describes each of them. */
export const accountSettings = {
  AUTH_REGISTRATION: Type.Enum(['open', 'invite', 'off', 'closed'], { default: 'open' }),
  AUTH_SECOND_FACTOR: Type.Enum(['off', 'optional', 'required'], { default: 'optional' }),
  AUTH_NEW_USER_ROLES: Type.String({ default: 'user' }),
  AUTH_NEW_USER_SCOPE: Type.String({ default: 'orders:read orders:write' })
}

export type AccountConfig = Static<ReturnType<typeof Type.Object<typeof accountSettings>>>
