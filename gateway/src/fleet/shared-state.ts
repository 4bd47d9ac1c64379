import type { Fleet } from '@gatehouse/fleet/fleet'
import { redisFleet } from '@gatehouse/fleet/redis-fleet'
import type { RedisConnection } from '@gatehouse/redis/connection'
import type { ReportedRedis } from '@gatehouse/redis/reported-redis'
import { type RedisSettings, redisTarget } from '@gatehouse/redis/settings'
import { redisRevocations } from '@gatehouse/revocation/redis-revocations'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { redisSightings } from '@gatehouse/sightings/redis-sightings'
import type { TakeSightings } from '@gatehouse/sightings/sighting'

/** What the auth service in the same process shares with the gateway, instead of Redis. */
export type Embedded = {
  readonly revocations: RevocationSource | null
  readonly takeSightings: TakeSightings
  readonly fleet: Fleet
}

/** The state that gateways share with each other and with the auth service. */
export type SharedState = {
  readonly revocations: RevocationSource
  readonly takeSightings: TakeSightings
  readonly fleet: Fleet
  /** what callers have used of their limits; null: this is the only gateway */
  readonly limitsRedis: RedisConnection | null
  disconnect(): void
}

/** @throws SettingsFault if there is neither Redis nor an auth service in this process */
export async function sharedState(
  settings: RedisSettings,
  embedded: Embedded | null,
  report: ReportedRedis
): Promise<SharedState> {
  const { REDIS_URL: url, REDIS_TIMEOUT_MS: timeoutMs } = settings
  if (url === undefined) {
    if (embedded?.revocations) {
      const { revocations, takeSightings, fleet } = embedded
      return { revocations, takeSightings, fleet, limitsRedis: null, disconnect: () => {} }
    }
    throw new SettingsFault([
      'REDIS_URL must be set for a gateway of its own: revocations reach it through Redis'
    ])
  }
  const target = redisTarget(url, settings)
  const blocking = report.connect('revocations', { ...target, use: 'blocking' })
  const redis = report.connect('commands', target)
  // The start waits no longer than this, and continues without Redis.
  await report.settled(2 * timeoutMs)
  return {
    revocations: redisRevocations(blocking),
    takeSightings: redisSightings(redis),
    fleet: redisFleet(redis),
    limitsRedis: redis,
    disconnect() {
      blocking.disconnect()
      redis.disconnect()
    }
  }
}
