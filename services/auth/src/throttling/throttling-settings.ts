import { type Static, Type } from 'typebox'

/** The settings of throttling. .env.example describes each of them. */
export const throttlingSettings = {
  AUTH_CREDENTIALS_PER_MINUTE: Type.Integer({ default: 600, minimum: 1 }),
  AUTH_MAIL_PER_MINUTE: Type.Integer({ default: 10, minimum: 1 })
}

export type ThrottlingConfig = Static<ReturnType<typeof Type.Object<typeof throttlingSettings>>>
