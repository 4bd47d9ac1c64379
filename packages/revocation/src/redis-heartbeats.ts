import { readFileSync } from 'node:fs'
import type { RedisConnection } from '@gatehouse/redis/connect-redis'
import { masterScript } from '@gatehouse/redis/master-script'
import { REVOCATION_STREAM } from './redis-revocations.ts'

/** how often a writer puts a heartbeat into the log of revocations */
export const HEARTBEAT_MS = 500
/** how old the last heartbeat may be that a writer leaves as it is: a little less, since timers are late */
const ENOUGH_MS = 0.8 * HEARTBEAT_MS
/** in the same slot of a cluster as the log */
const LAST_HEARTBEAT = 'gatehouse:{sessions}:revocation-heartbeat'

const source = new URL('../lua/heartbeat.lua', import.meta.url)

/**
 * A function that writes a heartbeat into the log, unless another writer just has. It says: what writers have to revoke reaches
 * this log.
 * @param writer who writes, for people who read the log
 * @throws what Redis answers, or an outage: this server takes no revocation now
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
