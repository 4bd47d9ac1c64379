import { readFileSync } from 'node:fs'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { masterScript } from '@gatehouse/redis/master-script'
import { COMMON, keyIn, PARTITION_COUNT, type Partition } from '@gatehouse/redis/partitions'
import { revocationStream } from './revocation-stream.ts'

/** how often a writer writes a heartbeat into the revocation log */
export const HEARTBEAT_MS = 500
/**
 * the age below which the last heartbeat is recent enough; slightly less than the interval, because
 * timers are late
 */
const ENOUGH_MS = 0.8 * HEARTBEAT_MS

const source = new URL('../lua/heartbeat.lua', import.meta.url)

type HeartbeatLog = {
  readonly partition: Partition
  /** how many partitions have the sessions */
  readonly partitions: number
}

/**
 * Returns a function that writes a heartbeat into the log of a partition, unless another writer has
 * just done so. The heartbeat shows that revocations reach this log. Those of the common log say
 * how many partitions there are. The function returns false, and writes nothing, if Redis has
 * another number.
 * @param writer who writes, for people who read the log
 * @throws the error of Redis, or an outage: this server accepts no revocation at the moment
 */
export function redisHeartbeat(
  redis: RedisConnection,
  writer: string,
  { partition, partitions }: HeartbeatLog = { partition: COMMON, partitions: 1 }
): () => Promise<boolean> {
  const command = 'gatehouse-heartbeat'
  redis.defineCommand(command, { lua: masterScript(readFileSync(source, 'utf8')) })
  const send = Reflect.get(redis, command) as (args: (string | number)[]) => Promise<unknown>
  const keys = [revocationStream(partition), keyIn(partition, 'last-heartbeat')]
  if (partition === COMMON) keys.push(PARTITION_COUNT)
  return async () => {
    const written = await send.call(redis, [keys.length, ...keys, writer, ENOUGH_MS, partitions])
    return Number(written) >= 0
  }
}
