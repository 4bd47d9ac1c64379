import { randomUUID } from 'node:crypto'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { sessionKey } from '@gatehouse/redis/session-key'

/**
 * A mark that changes before gateways refuse the tokens of a revoked key. An instance compares it
 * before it signs, so that a client whose token was refused gets a token of another key.
 */
export type KeyWithdrawals = {
  /** @throws if the store does not answer */
  mark(): Promise<string | null>
  /** @throws if the store does not answer */
  change(): Promise<void>
}

const MARK = sessionKey('key-withdrawals')

export function redisKeyWithdrawals(redis: RedisConnection): KeyWithdrawals {
  return {
    mark: () => redis.get(MARK),
    async change() {
      await redis.set(MARK, randomUUID())
    }
  }
}

/** For an installation in one process, which reads its keys after each change. */
export const noKeyWithdrawals: KeyWithdrawals = { mark: async () => null, async change() {} }
