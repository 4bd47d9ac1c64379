import type { RedisConnection } from '@gatehouse/redis/connect-redis'
import { Value } from 'typebox/value'
import { type Fleet, HEARTBEAT_LIFE_MS, Heartbeat } from './fleet.ts'

/** One hash tag, so that the keys lie together in a cluster. */
const NAMES = 'gatehouse:{gateways}'
const keyOf = (id: string) => `${NAMES}:${id}`

/** The fleet in Redis: a key for each gateway, which Redis forgets by its own clock. */
export function redisFleet(redis: RedisConnection): Fleet {
  const forget = async (ids: string[]): Promise<void> => {
    await redis.srem(NAMES, ids)
    // One may have said again that it is live before its name was gone, and would be overlooked until its next beat.
    const texts = await redis.mget(ids.map(keyOf))
    const back = ids.filter((_, index) => texts[index] !== null)
    if (back.length > 0) await redis.sadd(NAMES, back)
  }
  return {
    async announce(heartbeat) {
      await redis.set(keyOf(heartbeat.id), JSON.stringify(heartbeat), 'PX', HEARTBEAT_LIFE_MS)
      await redis.sadd(NAMES, heartbeat.id)
    },
    async leave(id) {
      await redis.del(keyOf(id))
      await redis.srem(NAMES, id)
    },
    async live() {
      const ids = await redis.smembers(NAMES)
      if (ids.length === 0) return []
      const texts = await redis.mget(ids.map(keyOf))
      const gone = ids.filter((_, index) => texts[index] === null)
      if (gone.length > 0) await forget(gone)
      return texts.flatMap(decode)
    }
  }
}

/** What is no heartbeat says nothing. */
function decode(text: string | null): Heartbeat[] {
  if (text === null) return []
  const value: unknown = JSON.parse(text)
  return Value.Check(Heartbeat, value) ? [value] : []
}
