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
  /** the key of the mark of the partition's data, which is lost with all data */
  readonly mark?: string
  /**
   * The mark of the data into whose log everything is published that is revoked; empty: not known.
   * By default, the writer vouches for any data.
   */
  completeMark?(): string
}

/**
 * The outcome of an attempt. Nothing is written if Redis has another number of partitions, or if
 * the log may lack revocations because the partition has lost its data.
 */
export type Heartbeat = 'recent' | 'other-number' | 'incomplete'

/**
 * Returns a function that writes a heartbeat into the log of a partition, unless another writer has
 * just done so. The heartbeat shows that revocations reach this log, and that it lacks none. Those
 * of the common log say how many partitions there are.
 * @param writer who writes, for people who read the log
 * @throws the error of Redis, or an outage: this server accepts no revocation at the moment
 */
export function redisHeartbeat(
  redis: RedisConnection,
  writer: string,
  log: HeartbeatLog = { partition: COMMON, partitions: 1 }
): () => Promise<Heartbeat> {
  const { partition, partitions, mark = '', completeMark } = log
  const command = 'gatehouse-heartbeat'
  redis.defineCommand(command, { lua: masterScript(readFileSync(source, 'utf8')) })
  const send = Reflect.get(redis, command) as (args: (string | number)[]) => Promise<unknown>
  const ofLog = (name: string) => keyIn(partition, name)
  const keys = [revocationStream(partition), ofLog('last-heartbeat'), mark || ofLog('mark')]
  if (partition === COMMON) keys.push(PARTITION_COUNT)
  return async () => {
    const complete = completeMark === undefined ? [] : [completeMark()]
    const given = [writer, ENOUGH_MS, partitions, ...complete]
    return (
      outcomes.get(Number(await send.call(redis, [keys.length, ...keys, ...given]))) ?? 'recent'
    )
  }
}

/** by the reply of lua/heartbeat.lua */
const outcomes = new Map<number, Heartbeat>([
  [-1, 'other-number'],
  [-2, 'incomplete']
])
