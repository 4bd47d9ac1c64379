import type { Redis } from 'ioredis'
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'

/** The models that a request may use up. */
const CONSUMABLE = new Set(['AuthorizationCode', 'RefreshToken'])
/** The models that end with their grant. */
const OF_A_GRANT = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken'])

/**
 * Stores the models of oidc-provider in Redis, in the way of the adapter that its documentation
 * shows: a hash for what can be consumed, a text for the rest, and a list per grant.
 */
export function redisAdapter(redis: Redis): AdapterFactory {
  const grantKey = (id: string) => `oidc:grant:${id}`
  return (name): Adapter => {
    const keyOf = (id: string) => `oidc:${name}:${id}`
    return {
      async upsert(id, payload, expiresIn) {
        const key = keyOf(id)
        const text = JSON.stringify(payload)
        const batch = redis.multi()
        if (CONSUMABLE.has(name)) batch.hset(key, { payload: text })
        else batch.set(key, text)
        if (expiresIn !== undefined) batch.expire(key, expiresIn)
        if (OF_A_GRANT.has(name) && payload.grantId !== undefined) {
          const grant = grantKey(payload.grantId)
          batch.rpush(grant, key)
          // The list lives as long as its last model.
          const seconds = expiresIn ?? 0
          if (seconds > (await redis.ttl(grant))) batch.expire(grant, seconds)
        }
        await batch.exec()
      },
      async find(id) {
        if (!CONSUMABLE.has(name)) {
          const text = await redis.get(keyOf(id))
          return text === null ? undefined : (JSON.parse(text) as AdapterPayload)
        }
        const { payload, consumed } = await redis.hgetall(keyOf(id))
        if (payload === undefined) return undefined
        return { ...(consumed === undefined ? {} : { consumed }), ...JSON.parse(payload) }
      },
      async consume(id) {
        await redis.hset(keyOf(id), 'consumed', Math.floor(Date.now() / 1000))
      },
      async destroy(id) {
        await redis.del(keyOf(id))
      },
      async revokeByGrantId(id) {
        const keys = await redis.lrange(grantKey(id), 0, -1)
        await redis.del(...keys, grantKey(id))
      },
      // Sessions of browsers and devices, which a refresh does not use.
      findByUid: async () => undefined,
      findByUserCode: async () => undefined
    }
  }
}
