import { randomUUID } from 'node:crypto'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { COMMON, keyIn, type Partition } from '@gatehouse/redis/partitions'
import type { SessionPartitions } from '../redis/session-partitions.ts'

/**
 * A mark that changes before gateways refuse the tokens of a revoked key. An instance compares it
 * before it signs, so that a client whose token was refused gets a token of another key. For that,
 * the mark must be read after the client's request has arrived.
 */
export type KeyWithdrawals = {
  /** @throws if the store does not answer */
  mark(): Promise<string | null>
  /** @throws if the store does not answer */
  change(): Promise<void>
}

/** The key of the mark in Redis. Each partition has one, because lua/present.lua also reads it. */
export const keyWithdrawals = (partition: Partition): string => keyIn(partition, 'key-withdrawals')

/**
 * If a partition cannot be reached, the change is made without it: nobody can refresh there. Until
 * the mark is changed again, refreshes find that its mark differs, and read the keys each time.
 */
export function redisKeyWithdrawals(
  redis: RedisConnection,
  partitions: Pick<SessionPartitions, 'all'>
): KeyWithdrawals {
  return {
    mark: () => redis.get(keyWithdrawals(COMMON)),
    async change() {
      const mark = randomUUID()
      const others = (await partitions.all()).filter((partition) => partition !== COMMON)
      await Promise.allSettled(
        others.map((partition) => redis.set(keyWithdrawals(partition), mark))
      )
      await redis.set(keyWithdrawals(COMMON), mark)
    }
  }
}

/** For an installation in one process, which reads its keys after each change. */
export const noKeyWithdrawals: KeyWithdrawals = { mark: async () => null, async change() {} }
