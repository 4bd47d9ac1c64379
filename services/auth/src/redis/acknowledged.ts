import type { RedisConnection } from '@gatehouse/redis/connection'
import { storeUnavailable } from '../refusals.ts'
import { bounded } from './bounded.ts'

/** how long replicas may take; less than the deadline of a call */
const REPLICATION_MS = 200

/**
 * Waits until the required number of replicas has the writes. Otherwise a replica that becomes
 * master could bring back an ended session.
 * @throws Refusal UNAVAILABLE if too few replicas answer
 */
export async function acknowledged(redis: RedisConnection, replicas: number): Promise<void> {
  if (replicas === 0) return
  const reached = await bounded(() => redis.wait(replicas, REPLICATION_MS))
  if (Number(reached) < replicas) {
    throw storeUnavailable(new Error(`${reached} of ${replicas} replicas have it`))
  }
}
