import type { RedisConnection } from '@gatehouse/redis/connection'
import { script } from '../../redis/script.ts'
import { placeOf } from './count-min.ts'
import { REQUEST_SHAPE, type RequestCounts } from './request-counts.ts'

export const REQUEST_TABLE = 'gatehouse:requests'
export const REQUEST_CELL_BYTES = 6

/** For several instances, which count together. */
export function redisRequestCounts(redis: RedisConnection): RequestCounts {
  const countRequest = script(redis, 'count-request', 1)
  return {
    async count(minute, key) {
      const { cells } = placeOf(key, REQUEST_SHAPE)
      return Number(await countRequest([REQUEST_TABLE, minute, ...cells]))
    }
  }
}
