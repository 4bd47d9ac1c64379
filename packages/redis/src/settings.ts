import { type Static, Type } from 'typebox'
import { COMMAND_TIMEOUT_MS } from './connect-redis.ts'

export const redisSettings = {
  /** Unset: families and revocations live in the embedded database, and the whole system is one process. */
  REDIS_URL: Type.Optional(Type.String({ pattern: '^(rediss?|redis\\+(sentinel|cluster))://' })),
  /** under the silence after which a connection is replaced */
  REDIS_TIMEOUT_MS: Type.Integer({ default: COMMAND_TIMEOUT_MS, minimum: 10, maximum: 2000 })
}

export type RedisSettings = Static<ReturnType<typeof Type.Object<typeof redisSettings>>>
