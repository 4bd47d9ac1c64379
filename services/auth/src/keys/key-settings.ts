import { algorithms } from '@gatehouse/access-token/claims'
import { type Static, Type } from 'typebox'

/** The settings of the signing keys. .env.example describes each of them. */
export const keySettings = {
  AUTH_SIGNING_ALGORITHM: Type.Enum([...algorithms], { default: 'ES256' }),
  AUTH_KEY_ROTATION_DAYS: Type.Number({ default: 30, minimum: 0, maximum: 3650 })
}

export type KeyConfig = Static<ReturnType<typeof Type.Object<typeof keySettings>>> & {
  readonly AUTH_ACCESS_TTL_SECONDS: number
}
