import type { RedisConnection } from '@gatehouse/redis/connection'
import { sessionKey } from '@gatehouse/redis/session-key'
import { readEntry } from './read-entry.ts'
import {
  type Cursor,
  KEY_MEMORY_SECONDS,
  type LogEntry,
  type RevocationBatch,
  type RevocationSource
} from './revocation.ts'

/**
 * The stream that holds the log. A stream is push, memory and cursor in one, so a reader that was
 * away misses nothing.
 */
export const REVOCATION_STREAM = sessionKey('revocations')

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
  /** how far before the cursor to read again; 0: each entry once */
  readonly overlapMs?: number
  readonly silenceMs?: number
  /** monotonic, in milliseconds */
  readonly clock?: () => number
  /**
   * is called with the time of the server at each heartbeat, in milliseconds since 1970, and how
   * long its answer took
   */
  readonly onServerTime?: (serverMs: number, tookMs: number) => void
}

/**
 * The revocation log in Redis.
 * @param redis a separate connection, because a blocking read occupies it
 */
export function redisRevocations(
  redis: RedisConnection,
  options: FollowingOptions = {}
): RevocationSource {
  const { overlapMs = OVERLAP_MS, silenceMs = SILENCE_MS } = options
  const { clock = () => performance.now(), onServerTime = () => {} } = options
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
    const serverMs = await serverTimeMs(redis)
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
      let rows = rowsOf(await redis.xread('COUNT', BATCH_ENTRIES, ...streams(after)))
      while (!signal.aborted) {
        const last = rows.at(-1)?.[0]
        place = last ?? place
        after = last ?? after
        const heartbeatAgeMs = await ageOf(lastHeartbeat(rows))
        if (heartbeatAgeMs !== null) heardMs = clock()
        yield { ...decode(rows), cursor: place, heartbeatAgeMs }
        if (clock() - heardMs > silenceMs) {
          redis.disconnect(true)
          throw new Error(`no auth service has written into the log for ${silenceMs} ms`)
        }
        rows = rowsOf(
          await redis.xread('COUNT', BATCH_ENTRIES, 'BLOCK', BLOCK_MS, ...streams(after))
        )
      }
    }
  }
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

const streams = (after: Cursor) => ['STREAMS', REVOCATION_STREAM, after] as const

/** null: nothing arrived during the read */
function rowsOf(reply: unknown): Entries {
  return (reply as [stream: string, entries: Entries][] | null)?.[0]?.[1] ?? []
}

function decode(rows: Entries): Pick<RevocationBatch, 'entries' | 'caughtUp'> {
  return {
    entries: rows.flatMap(decodeEntry),
    caughtUp: rows.length < BATCH_ENTRIES
  }
}

function decodeEntry([position, fields]: [string, string[]]): LogEntry[] {
  const entry: Record<string, string | number> = {}
  for (const [name, value] of pairs(fields)) {
    entry[name] = NUMBERS.has(name) ? Number(value) : value
  }
  if (entry.kind === HEARTBEAT) return []
  const until = Number(entry.until)
  // The same as in services/auth/lua/revocations.lua.
  const otherwise = millisecondsOf(position) / 1000 + KEY_MEMORY_SECONDS
  return [readEntry(position, entry, Number.isFinite(until) ? until : otherwise)]
}

/** the kind of the entries that lua/heartbeat.lua writes */
const HEARTBEAT = 'heartbeat'

type Heartbeat = {
  readonly id: string
  /** by the clock of the server that wrote it, in milliseconds since 1970 */
  readonly atMs: number
}

/** written by lua/heartbeat.lua */
function lastHeartbeat(rows: Entries): Heartbeat | undefined {
  for (const [id, fields] of rows.toReversed()) {
    const { kind, at } = Object.fromEntries(pairs(fields))
    if (kind === HEARTBEAT && at !== undefined) return { id, atMs: Number(at) }
  }
  return undefined
}

function pairs(fields: string[]): [name: string, value: string][] {
  return fields.flatMap((name, index) =>
    index % 2 === 0 ? [[name, fields[index + 1] ?? ''] as [string, string]] : []
  )
}

/** In a script with a key, because in a cluster any node answers TIME, and their clocks differ. */
async function serverTimeMs(redis: RedisConnection): Promise<number> {
  const reply = await redis.eval_ro("return redis.call('TIME')", 1, REVOCATION_STREAM)
  const [seconds, microseconds] = reply as [string, string]
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}
