import type { Fleet } from '@gatehouse/fleet/fleet'
import { redisFleet } from '@gatehouse/fleet/redis-fleet'
import { clockWarning } from '@gatehouse/redis/clock-warning'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { reportedRedis } from '@gatehouse/redis/reported-redis'
import { requireUsable } from '@gatehouse/redis/require-usable'
import { type RedisSettings, redisTarget } from '@gatehouse/redis/settings'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { redisSightings } from '@gatehouse/sightings/redis-sightings'
import type { TakeSightings } from '@gatehouse/sightings/sighting'
import type { Ports } from '../ports.ts'
import { neededRights, partitionRights } from './needed-rights.ts'
import { partitionedLog } from './partitioned-log.ts'

/** What the auth service in the same process shares with the gateway, instead of Redis. */
export type AuthInProcess = {
  readonly revocations: RevocationSource | null
  readonly takeSightings: TakeSightings
  readonly fleet: Fleet
}

type SharedSettings = RedisSettings & { readonly NODE_ENV: string }

/** The state that gateways share with each other and with the auth service. */
type SharedState = {
  readonly revocations: RevocationSource
  readonly takeSightings: TakeSightings
  readonly fleet: Fleet
  /** what callers have used of their limits; null: this is the only gateway */
  readonly limitsRedis: RedisConnection | null
  /** Ends every command that waits. */
  disconnect(): void
}

/**
 * @param embedded if the auth service runs in this process
 * @throws SettingsFault if there is neither Redis nor an auth service in this process
 * @throws StartFault if Redis can never be used
 */
export async function openSharedState(
  config: SharedSettings,
  { log, metrics, closing }: Pick<Ports, 'log' | 'metrics' | 'closing'>,
  embedded: AuthInProcess | null
): Promise<SharedState> {
  const connections = reportedRedis({ service: 'gateway', log, metrics })
  const { REDIS_URL: url, REDIS_TIMEOUT_MS: timeoutMs } = config
  if (url === undefined) {
    if (embedded?.revocations) {
      const { revocations, takeSightings, fleet } = embedded
      return { revocations, takeSightings, fleet, limitsRedis: null, disconnect: () => {} }
    }
    throw new SettingsFault([
      'REDIS_URL must be set for a gateway in its own process: revocations reach it through Redis'
    ])
  }
  const target = redisTarget(url, config)
  const blocking = connections.connect('revocations', { ...target, use: 'blocking' })
  const redis = connections.connect('commands', target)
  const noteClock = clockWarning(log)
  const revocations = partitionedLog({
    blocking,
    redis,
    connectNews() {
      void connections.startFault(partitionRights).then((fault) => {
        if (fault !== null) log.error({}, fault)
      })
      return connections.connect('announcements', { ...target, use: 'subscriptions' })
    },
    onServerTime: (redisMs, tookMs) => noteClock(Date.now() - redisMs, tookMs)
  })
  const disconnect = (): void => {
    revocations.close()
    blocking.disconnect()
    redis.disconnect()
  }
  closing.defer(disconnect)
  // The start waits no longer than this, and continues without Redis.
  await connections.settled(2 * timeoutMs)
  await requireUsable(connections, neededRights, config)
  return {
    revocations: revocations.source,
    takeSightings: redisSightings(redis, revocations.sessionPartitions),
    fleet: redisFleet(redis),
    limitsRedis: redis,
    disconnect
  }
}
