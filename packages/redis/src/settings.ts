import { Type } from 'typebox'

/** Unset: families and revocations live in the embedded database, and the whole system is one process. */
export const redisSettings = {
  REDIS_URL: Type.Optional(Type.String({ pattern: '^(rediss?|redis\\+(sentinel|cluster))://' }))
}
