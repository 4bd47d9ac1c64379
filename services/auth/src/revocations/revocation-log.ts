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
  const others = otherHorizons(redis, partitions)
  return {
    async append(entry) {
      const { kind, id } = entry
      const until = Math.max(entry.until, await others())
      const before = 'before' in entry ? entry.before : ''
      const version = 'version' in entry ? (entry.version ?? '') : ''
      const common = [REVOCATION_STREAM, tokenHorizon(COMMON), clock?.() ?? '', '', 0]
      await append([...common, kind, id, until, before, version])
      await acknowledged(redis, replicas)
    }
  }
}

/** The horizons of other partitions are not read again within this time. */
const KNOWN_MS = 1000

/**
 * Returns a function that says when the last access token of any session in another partition
 * expires, in seconds since 1970. It ignores partitions that cannot be reached, because a
 * revocation must not wait for them; `until` covers their tokens, unless the lifetime of tokens was
 * reduced a moment ago. Nor do a thousand revocations wait for them one after the other.
 */
function otherHorizons(
  redis: RedisConnection,
  partitions: Pick<SessionPartitions, 'all'>
): () => Promise<number> {
  const read = async (): Promise<number> => {
    const others = (await partitions.all()).filter((partition) => partition !== COMMON)
    const all = await Promise.allSettled(others.map((one) => redis.get(tokenHorizon(one))))
    const known = all.map((one) => (one.status === 'fulfilled' ? Number(one.value ?? 0) : 0))
    const last = Math.max(0, ...known)
    // It may have moved on since it was read.
    return last === 0 ? 0 : last + Math.ceil(KNOWN_MS / 1000)
  }
  let readAtMs = Number.NEGATIVE_INFINITY
  let horizon = Promise.resolve(0)
  return () => {
    if (performance.now() - readAtMs > KNOWN_MS) {
      readAtMs = performance.now()
      horizon = read()
      horizon.catch(() => (readAtMs = Number.NEGATIVE_INFINITY))
    }
    return horizon
  }
}
