import { randomUUID } from 'node:crypto'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { sessionKey } from '@gatehouse/redis/session-key'

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

/** The key of the mark in Redis, which lua/present.lua also reads. */
export const KEY_WITHDRAWALS = sessionKey('key-withdrawals')

export function redisKeyWithdrawals(redis: RedisConnection): KeyWithdrawals {
  return {
    mark: () => redis.get(KEY_WITHDRAWALS),
    async change() {
      await redis.set(KEY_WITHDRAWALS, randomUUID())
    }
  }
}

/** For an installation in one process, which reads its keys after each change. */
export const noKeyWithdrawals: KeyWithdrawals = { mark: async () => null, async change() {} }
