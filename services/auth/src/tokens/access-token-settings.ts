import { Type } from 'typebox'

/** The settings of access tokens. .env.example describes each of them. */
export const accessTokenSettings = {
  AUTH_ACCESS_TTL_SECONDS: Type.Integer({ default: 300, minimum: 1 }),
  AUTH_TOKEN_CLAIMS: Type.String({ default: '' }),
  AUTH_EXCHANGE_TTL_SECONDS: Type.Integer({ default: 60, minimum: 5, maximum: 300 })
}
