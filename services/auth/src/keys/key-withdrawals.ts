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

/** The marks of several partitions, which must be equal. */
type PartitionedWithdrawals = KeyWithdrawals & {
  /**
   * Makes the marks equal after a partition may have lost its own: while it differs from the
   * others, each refresh there reads the keys.
   * @throws if the store does not answer
   */
  renew(): Promise<void>
}

/** The key of the mark in Redis. Each partition has one, because lua/present.lua also reads it. */
export const keyWithdrawals = (partition: Partition): string => keyIn(partition, 'key-withdrawals')

/** If a partition cannot be reached, the change is made without it: nobody can refresh there. */
export function redisKeyWithdrawals(
  redis: RedisConnection,
  partitions: Pick<SessionPartitions, 'all'>
): PartitionedWithdrawals {
  const others = async () => (await partitions.all()).filter((partition) => partition !== COMMON)
  const change = async (): Promise<void> => {
    const mark = randomUUID()
    const set = (partition: Partition) => redis.set(keyWithdrawals(partition), mark)
    await Promise.allSettled((await others()).map(set))
    await set(COMMON)
  }
  return {
    mark: () => redis.get(keyWithdrawals(COMMON)),
    change,
    async renew() {
      if ((await others()).length > 0) await change()
    }
  }
}

/** For an installation in one process, which reads its keys after each change. */
export const noKeyWithdrawals: PartitionedWithdrawals = {
  mark: async () => null,
  async change() {},
  async renew() {}
}
