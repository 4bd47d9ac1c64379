import type { RedisConnection } from '@gatehouse/redis/connection'
import { COMMON, keyIn, type Partition } from '@gatehouse/redis/partitions'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import type { Revocation } from '@gatehouse/revocation/revocation'
import { acknowledged } from '../redis/acknowledged.ts'
import { script } from '../redis/script.ts'
import { fixedPartitions, type SessionPartitions } from '../redis/session-partitions.ts'
import type { SqliteRevocations } from './sqlite-revocations.ts'

/**
 * The key of the time at which the last access token of any session of a partition expires: how
 * long a revocation must be remembered.
 */
export const tokenHorizon = (partition: Partition): string => keyIn(partition, 'token-horizon')

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

type RedisLogOptions = {
  /** for tests: instead of the server's clock */
  readonly clock?: () => number
  readonly replicas: number
  /** one by default */
  readonly partitions?: Pick<SessionPartitions, 'all'>
}

/** The common log in Redis. */
export function redisRevocationWriter(
  redis: RedisConnection,
  { clock, replicas, partitions = fixedPartitions(1) }: RedisLogOptions
): RevocationWriter {
  const append = script(redis, 'append', 2, ['revocations'])
  return {
    async append(entry) {
      const { kind, id } = entry
      const until = Math.max(entry.until, await otherHorizons(redis, partitions))
      const before = 'before' in entry ? entry.before : ''
      const version = 'version' in entry ? (entry.version ?? '') : ''
      const common = [REVOCATION_STREAM, tokenHorizon(COMMON), clock?.() ?? '', '', 0]
      await append([...common, kind, id, until, before, version])
      await acknowledged(redis, replicas)
    }
  }
}

/**
 * When the last access token of any session in another partition expires, in seconds since 1970.
 * Ignores partitions that cannot be reached, because a revocation must not wait for them; `until`
 * covers their tokens, unless the lifetime of tokens was reduced a moment ago.
 */
async function otherHorizons(
  redis: RedisConnection,
  partitions: Pick<SessionPartitions, 'all'>
): Promise<number> {
  const others = (await partitions.all()).filter((partition) => partition !== COMMON)
  const reads = others.map((partition) => redis.get(tokenHorizon(partition)))
  const read = await Promise.allSettled(reads)
  const known = read.map((one) => (one.status === 'fulfilled' ? Number(one.value ?? 0) : 0))
  return Math.max(0, ...known)
}
