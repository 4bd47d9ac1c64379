import type { RedisConnection } from '@gatehouse/redis/connect-redis'
import { storeUnavailable } from '../refusals.ts'
import { bounded } from './bounded.ts'

/** how long replicas may take; under the deadline of a call */
const REPLICATION_MS = 200

/**
 * Waits until so many replicas have what was written: what ended must not come back with one that had not heard of it.
 * @throws Refusal UNAVAILABLE where they do not
 */
export async function acknowledged(redis: RedisConnection, replicas: number): Promise<void> {
  if (replicas === 0) return
  const reached = await bounded(() => redis.wait(replicas, REPLICATION_MS))
  if (Number(reached) < replicas) {
    throw storeUnavailable(new Error(`${reached} of ${replicas} replicas have it`))
  }
}
