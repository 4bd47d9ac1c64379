import { readFileSync } from 'node:fs'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { masterScript } from '@gatehouse/redis/master-script'
import { sessionKey } from '@gatehouse/redis/session-key'
import { REVOCATION_STREAM } from './redis-revocations.ts'

/** how often a writer writes a heartbeat into the revocation log */
export const HEARTBEAT_MS = 500
/**
 * the age below which the last heartbeat is recent enough; slightly less than the interval, because
 * timers are late
 */
const ENOUGH_MS = 0.8 * HEARTBEAT_MS
/** in the same slot of a cluster as the log */
const LAST_HEARTBEAT = sessionKey('revocation-heartbeat')

const source = new URL('../lua/heartbeat.lua', import.meta.url)

/**
 * Returns a function that writes a heartbeat into the log, unless another writer has just done so.
 * The heartbeat shows that revocations reach this log.
 * @param writer who writes, for people who read the log
 * @throws the error of Redis, or an outage: this server accepts no revocation at the moment
 */
export function redisHeartbeat(redis: RedisConnection, writer: string): () => Promise<void> {
  const command = 'gatehouse-heartbeat'
  redis.defineCommand(command, {
    numberOfKeys: 2,
    lua: masterScript(readFileSync(source, 'utf8'))
  })
  const send = Reflect.get(redis, command) as (args: (string | number)[]) => Promise<unknown>
  return async () => {
    await send.call(redis, [REVOCATION_STREAM, LAST_HEARTBEAT, writer, ENOUGH_MS])
  }
}
