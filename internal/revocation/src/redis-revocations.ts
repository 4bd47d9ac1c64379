import type { RedisConnection } from '@gatehouse/redis/connection'
import { COMMON, isPartitionCount, type Partition } from '@gatehouse/redis/partitions'
import type { LogNews } from './log-news.ts'
import { readEntry } from './read-entry.ts'
import {
  type Cursor,
  KEY_MEMORY_SECONDS,
  type LogEntry,
  type RevocationBatch,
  type RevocationSource
} from './revocation.ts'
import { revocationStream } from './revocation-stream.ts'

/** the log of the common partition */
export const REVOCATION_STREAM = revocationStream(COMMON)

/** the numeric members of an entry */
const NUMBERS = new Set(['until', 'before', 'version'])
const BATCH_ENTRIES = 1000
const BLOCK_MS = 1000
/**
 * How far the clocks of two servers may differ. Redis names entries by its clock, so a server that
 * takes over, or that has lost its data, may give its next entries older names than a follower has
 * read.
 */
const OVERLAP_MS = 60_000
/**
 * After this time without a heartbeat, the connection is reopened. It may lead to a server to which
 * no auth service writes: a master that was replaced, or a replica that was cut off.
 */
const SILENCE_MS = 5000

type FollowingOptions = {
  /** whose log */
  readonly partition?: Partition
  /**
   * Says when the log has a new entry, so that reads do not block: several logs share a connection.
   */
  readonly news?: LogNews
  /** how far before the cursor to read again; 0: each entry once */
  readonly overlapMs?: number
  readonly silenceMs?: number
  /** monotonic, in milliseconds */
  readonly clock?: () => number
  /**
   * is called with the time of the server at each heartbeat, in milliseconds since 1970, and how
   * long its reply took
   */
  readonly onServerTime?: (serverMs: number, tookMs: number) => void
}

/**
 * A revocation log in Redis.
 * @param redis without `news` a separate connection, because a blocking read occupies it
 */
export function redisRevocations(
  redis: RedisConnection,
  options: FollowingOptions = {}
): RevocationSource {
  const { partition = COMMON, news, overlapMs = OVERLAP_MS, silenceMs = SILENCE_MS } = options
  const { clock = () => performance.now(), onServerTime = () => {} } = options
  const stream = revocationStream(partition)
  const { read, readNext } = streamReader(redis, partition, news)
  /**
   * The last heartbeat that was counted. After an interruption it is read again, and is not new.
   */
  let counted = ''
  /**
   * The age by the server's own clock, which also dated the heartbeat. On a replica, it includes
   * the lag.
   */
  const ageOf = async (heartbeat: Heartbeat | undefined): Promise<number | null> => {
    if (heartbeat === undefined || heartbeat.id === counted) return null
    counted = heartbeat.id
    const askedMs = clock()
    const serverMs = await serverTimeMs(redis, stream)
    onServerTime(serverMs, clock() - askedMs)
    return Math.max(0, serverMs - heartbeat.atMs)
  }
  return {
    async *follow(cursor, signal) {
      let place = cursor ?? '0'
      let after = before(place, overlapMs)
      let heardMs = clock()
      // The first read does not block, so that a new follower learns at once that it has
      // everything.
      let rows = await read(after)
      while (!signal.aborted) {
        const last = rows.at(-1)?.[0]
        place = last ?? place
        after = last ?? after
        const heartbeatAgeMs = await ageOf(lastHeartbeat(rows))
        if (heartbeatAgeMs !== null) heardMs = clock()
        yield { ...decode(rows, partition), cursor: place, heartbeatAgeMs }
        if (clock() - heardMs > silenceMs) {
          // A client of a cluster asks regularly which node has the log.
          if (!redis.isCluster || news === undefined) redis.disconnect(true)
          throw new Error(`no auth service has written into the log for ${silenceMs} ms`)
        }
        rows = await readNext(after, rows.length, signal)
      }
    }
  }
}

function streamReader(redis: RedisConnection, partition: Partition, news: LogNews | undefined) {
  const stream = revocationStream(partition)
  const read = async (after: Cursor): Promise<Entries> =>
    rowsOf(await redis.xread('COUNT', BATCH_ENTRIES, 'STREAMS', stream, after))
  /** @param before the size of the previous batch: after a full one, there may be more already */
  const readNext = async (after: Cursor, before: number, signal: AbortSignal): Promise<Entries> => {
    if (news === undefined) {
      const block = ['BLOCK', BLOCK_MS, 'STREAMS', stream, after] as const
      return rowsOf(await redis.xread('COUNT', BATCH_ENTRIES, ...block))
    }
    if (before < BATCH_ENTRIES) await news.next(partition, signal)
    return await read(after)
  }
  return { read, readNext }
}

/**
 * Some entries before the cursor are read again: that costs nothing, and a missed entry would be a
 * missed revocation.
 */
function before(cursor: Cursor, overlapMs: number): Cursor {
  if (overlapMs === 0) return cursor
  return String(Math.max(0, millisecondsOf(cursor) - overlapMs))
}

/** Redis names an entry by the time of its clock, in milliseconds since 1970, and a number. */
const millisecondsOf = (position: Cursor): number => Number(position.split('-')[0])

type Entries = [id: string, fields: string[]][]

/** null: nothing arrived during the read */
function rowsOf(reply: unknown): Entries {
  return (reply as [stream: string, entries: Entries][] | null)?.[0]?.[1] ?? []
}

function decode(
  rows: Entries,
  partition: Partition
): Pick<RevocationBatch, 'entries' | 'caughtUp' | 'partitions'> {
  const partitions = partition === COMMON ? lastPartitions(rows) : undefined
  return {
    entries: rows.flatMap(decodeEntry),
    caughtUp: rows.length < BATCH_ENTRIES,
    ...(partitions === undefined ? {} : { partitions })
  }
}

function decodeEntry([position, fields]: [string, string[]]): LogEntry[] {
  const entry: Record<string, string | number> = {}
  for (const [name, value] of pairs(fields)) {
    entry[name] = NUMBERS.has(name) ? Number(value) : value
  }
  if (HEARTBEATS.has(String(entry.kind))) return []
  const until = Number(entry.until)
  // The same as in services/auth/lua/revocations.lua.
  const otherwise = millisecondsOf(position) / 1000 + KEY_MEMORY_SECONDS
  return [readEntry(position, entry, Number.isFinite(until) ? until : otherwise)]
}

/** If there is only one partition, and from earlier releases. */
const SINGLE = 'heartbeat'
const PARTITIONED = 'partitioned-heartbeat'

/** the kinds of the entries that lua/heartbeat.lua writes */
const HEARTBEATS = new Set([SINGLE, PARTITIONED])

type Heartbeat = {
  readonly id: string
  /** by the clock of the server that wrote it, in milliseconds since 1970 */
  readonly atMs: number
}

/** written by lua/heartbeat.lua */
function lastHeartbeat(rows: Entries): Heartbeat | undefined {
  for (const [id, fields] of rows.toReversed()) {
    const { kind = '', at } = Object.fromEntries(pairs(fields))
    if (HEARTBEATS.has(kind) && at !== undefined) return { id, atMs: Number(at) }
  }
  return undefined
}

/**
 * The number of partitions that a heartbeat names. A number that no installation can have is
 * ignored: finding the tags of so many partitions would never end.
 */
function lastPartitions(rows: Entries): number | undefined {
  for (const [, fields] of rows.toReversed()) {
    const { kind, partitions } = Object.fromEntries(pairs(fields))
    if (kind === SINGLE) return 1
    const count = Number(partitions)
    if (kind === PARTITIONED && isPartitionCount(count)) return count
  }
  return undefined
}

function pairs(fields: string[]): [name: string, value: string][] {
  return fields.flatMap((name, index) =>
    index % 2 === 0 ? [[name, fields[index + 1] ?? ''] as [string, string]] : []
  )
}

/** In a script with a key, because in a cluster any node answers TIME, and their clocks differ. */
async function serverTimeMs(redis: RedisConnection, stream: string): Promise<number> {
  const reply = await redis.eval_ro("return redis.call('TIME')", 1, stream)
  const [seconds, microseconds] = reply as [string, string]
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}
