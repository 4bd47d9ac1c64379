import type { RedisConnection } from '@gatehouse/redis/connection'
import { sessionKey } from '@gatehouse/redis/session-key'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import type { Revocation } from '@gatehouse/revocation/revocation'
import { acknowledged } from '../redis/acknowledged.ts'
import { script } from '../redis/script.ts'
import type { SqliteRevocations } from './sqlite-revocations.ts'

/**
 * The key of the time at which the last access token of any session expires: how long a revocation
 * must be remembered.
 */
export const TOKEN_HORIZON = sessionKey('token-horizon')

/** Writes revocations that are not the end of a session. */
export type RevocationWriter = {
  /**
   * Adds an entry. It is remembered until `until`, and at least until the last current access token
   * has expired.
   * @throws Refusal UNAVAILABLE if the store does not answer or too few replicas have the entry;
   * the call can be repeated
   */
  append(entry: Revocation): Promise<void>
}

/** The log in the embedded database. */
export function sqliteRevocationWriter(
  revocations: Pick<SqliteRevocations, 'write' | 'announce'>,
  clock: () => number
): RevocationWriter {
  return {
    async append(entry) {
      revocations.write(entry, clock())
      revocations.announce()
    }
  }
}

/**
 * The log in Redis.
 * @param clock for tests: instead of the server's clock
 */
export function redisRevocationWriter(
  redis: RedisConnection,
  { clock, replicas }: { readonly clock?: () => number; readonly replicas: number }
): RevocationWriter {
  const append = script(redis, 'append', 2, ['revocations'])
  return {
    async append(entry) {
      const { kind, id, until } = entry
      const before = 'before' in entry ? entry.before : ''
      const version = 'version' in entry ? (entry.version ?? '') : ''
      const common = [REVOCATION_STREAM, TOKEN_HORIZON, clock?.() ?? '', '', 0]
      await append([...common, kind, id, until, before, version])
      await acknowledged(redis, replicas)
    }
  }
}
