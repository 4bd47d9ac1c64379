import type { RedisConnection } from '@gatehouse/redis/connection'
import {
  COMMON,
  loggedPartitions,
  type Partition,
  sessionPartitions
} from '@gatehouse/redis/partitions'
import { redisLogNews } from '@gatehouse/revocation/log-news'
import { redisRevocations } from '@gatehouse/revocation/redis-revocations'
import type { RevocationSource } from '@gatehouse/revocation/revocation'

type Connections = {
  /** for the reads of the common log, which wait for its next entry */
  readonly blocking: RedisConnection
  /** for the reads of the other logs, which do not wait */
  readonly redis: RedisConnection
  /** opens a connection that hears when the other logs have new entries */
  readonly connectNews: () => RedisConnection
  readonly onServerTime: (serverMs: number, tookMs: number) => void
}

/** The revocation logs in Redis: the common one, and those of the partitions. */
type PartitionedLog = {
  readonly source: RevocationSource
  /** the partitions that have the sessions, according to the common log */
  sessionPartitions(): readonly Partition[]
  close(): void
}

/** However many partitions there are, their logs share two connections. */
export function partitionedLog({
  blocking,
  redis,
  connectNews,
  onServerTime
}: Connections): PartitionedLog {
  let partitions = sessionPartitions(1)
  let heard: RedisConnection | null = null
  const partitionLogs = (count: number): RevocationSource[] => {
    partitions = sessionPartitions(count)
    const others = loggedPartitions(count).filter((partition) => partition !== COMMON)
    heard?.disconnect()
    heard = others.length === 0 ? null : connectNews()
    if (heard === null) return []
    const news = redisLogNews(heard, others)
    return others.map((partition) => redisRevocations(redis, { partition, news }))
  }
  return {
    source: { ...redisRevocations(blocking, { onServerTime }), partitionLogs },
    sessionPartitions: () => partitions,
    close: () => heard?.disconnect()
  }
}
