import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type Fleet, MOST_GATEWAYS } from '@gatehouse/fleet/fleet'
import { memoryFleet } from '@gatehouse/fleet/memory-fleet'
import { redisFleet } from '@gatehouse/fleet/redis-fleet'
import type { RedisConnection } from '@gatehouse/redis/connection'
import type { NeededRights } from '@gatehouse/redis/missing-rights'
import { reportedRedis } from '@gatehouse/redis/reported-redis'
import { requireUsable } from '@gatehouse/redis/require-usable'
import { type RedisSettings, redisTarget } from '@gatehouse/redis/settings'
import { openSqlite } from '../database/sqlite/open-sqlite.ts'
import type { Ports } from '../ports.ts'
import { openPartitions, type PartitionPorts } from './open-partitions.ts'
import type { RecordedPartitions } from './session-partitions.ts'
import { type StoreClock, storeClock } from './store-clock.ts'
import { watchClock } from './watch-clock.ts'

/**
 * The store of the state that all instances share: refresh-token families, revocations, counts of
 * guesses, and the live gateways.
 */
export type SharedStore = (InRedis | EmbeddedStore) & {
  /** The time of the store, which decides what has expired. Milliseconds since 1970. */
  readonly clock: () => number
  /** whether `clock` can be trusted: false until Redis has reported its time */
  readonly isClockRight: () => boolean
  /** the live gateways */
  readonly fleet: Fleet
}

/** For several instances. */
export type InRedis = {
  readonly kind: 'redis'
  readonly redis: RedisConnection
  readonly storeClock: StoreClock
  readonly partitions: RecordedPartitions
}

/** For an installation in one process. The counts of guesses are in memory. */
export type EmbeddedStore = { readonly kind: 'embedded'; readonly sqlite: DatabaseSync }

/**
 * @param rights what the process must be allowed to do in Redis
 * @param embedded the gateways of this process, if there are any
 * @throws StartFault if the store can never be used
 */
export async function openSharedStore(
  config: RedisSettings & {
    readonly NODE_ENV: string
    readonly GATEHOUSE_DATA_DIR: string
    readonly REDIS_PARTITIONS?: number | undefined
  },
  ports: Pick<Ports, 'registry' | 'closing'> & PartitionPorts,
  rights: readonly NeededRights[],
  embedded: Fleet = memoryFleet(() => performance.now())
): Promise<SharedStore> {
  const { log, registry, closing, jobs } = ports
  const time = storeClock(config.REDIS_TIMEOUT_MS)
  jobs.push({
    name: 'compare the clock with Redis',
    run: watchClock(time, { log, metrics: registry })
  })
  const connections = reportedRedis({ service: 'auth', log, metrics: registry })
  const { REDIS_URL: url } = config
  if (url === undefined) {
    // A separate file, so that a rotation never waits for an account.
    const sqlite = openSqlite(join(config.GATEHOUSE_DATA_DIR, 'sessions.sqlite'))
    closing.defer(() => sqlite.close())
    return {
      kind: 'embedded',
      sqlite,
      clock: Date.now,
      isClockRight: () => true,
      fleet: embedded
    }
  }
  const redis = connections.connect('commands', redisTarget(url, config))
  closing.defer(() => redis.disconnect())
  // The start waits no longer than this, and continues without Redis.
  await connections.settled(2 * config.REDIS_TIMEOUT_MS)
  await requireUsable(connections, rights, config)
  const partitions = await openPartitions(redis, config.REDIS_PARTITIONS, ports)
  return {
    kind: 'redis',
    redis,
    storeClock: time,
    partitions,
    clock: time.now,
    isClockRight: () => time.known,
    fleet: redisFleet(redis, Date.now, (announced) =>
      log.warn({ announced, listed: MOST_GATEWAYS }, 'too many gateways are announced in Redis')
    )
  }
}
