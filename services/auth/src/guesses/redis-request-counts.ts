import type { RedisConnection } from '@gatehouse/redis/connect-redis'
import { script } from '../redis/script.ts'
import { placeOf } from './count-min.ts'
import { REQUEST_SHAPE, type RequestCounts } from './request-counts.ts'

/** over a minute, for instances whose clocks differ */
const KEPT_SECONDS = 120

/** For several instances: they count together. */
export function redisRequestCounts(redis: RedisConnection): RequestCounts {
  const countRequest = script(redis, 'count-request', 1)
  return {
    async count(minute, key) {
      const { cells } = placeOf(key, REQUEST_SHAPE)
      const counts = await countRequest([`gatehouse:requests:${minute}`, KEPT_SECONDS, ...cells])
      return Math.min(...(counts as number[]))
    }
  }
}
