import type { RedisConnection } from '@gatehouse/redis/connect-redis'
import { bounded } from '../redis/bounded.ts'
import { FAILURES_KEPT_SECONDS, type GuessCounts, KNOWN_KEPT_SECONDS } from './guess-counts.ts'

const countKey = (key: string) => `gatehouse:guesses:${key}`
const knownKey = (key: string) => `gatehouse:known:${key}`

/** For several instances: they count together. */
export function redisGuessCounts(redis: RedisConnection): GuessCounts {
  return {
    async read(key) {
      const reply = await bounded(() => redis.hmget(countKey(key), 'failures', 'last'))
      const [failures, lastMs] = reply as (string | null)[]
      return failures == null ? null : { failures: Number(failures), lastMs: Number(lastMs) }
    },
    async add(key, nowMs) {
      const name = countKey(key)
      await bounded(() =>
        redis
          .multi()
          .hincrby(name, 'failures', 1)
          .hset(name, 'last', nowMs)
          .expire(name, FAILURES_KEPT_SECONDS)
          .exec()
      )
    },
    async reset(key) {
      await bounded(() => redis.del(countKey(key)))
    },
    async know(key) {
      await bounded(() => redis.set(knownKey(key), 1, 'EX', KNOWN_KEPT_SECONDS))
    },
    async isKnown(key) {
      return (await bounded(() => redis.exists(knownKey(key)))) === 1
    }
  }
}
