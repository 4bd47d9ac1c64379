import type { RedisConnection } from '@gatehouse/redis/connect-redis'
import { Compile } from 'typebox/compile'
import {
  type Cursor,
  Revocation,
  type RevocationBatch,
  type RevocationSource
} from './revocation.ts'

/** The stream that holds the log. A stream is push, memory and cursor in one, so a reader that was away misses nothing. */
export const REVOCATION_STREAM = 'gatehouse:{sessions}:revocations'

const shape = Compile(Revocation)
const BATCH_ENTRIES = 1000
const BLOCK_MS = 1000
/**
 * How far the clocks of two servers may be apart. Redis names entries by its clock, so one that takes over from another, or has lost
 * what it held, may give its next entries older names than a follower has read.
 */
const OVERLAP_MS = 60_000

/**
 * The log of revocations in Redis.
 * @param redis a connection of its own: a blocking read holds it
 * @param overlapMs how much before the cursor is read again; 0 for each entry once
 */
export function redisRevocations(
  redis: RedisConnection,
  { overlapMs = OVERLAP_MS }: { overlapMs?: number } = {}
): RevocationSource {
  return {
    async *follow(cursor, signal) {
      let place = cursor ?? '0'
      let after = before(place, overlapMs)
      // The first read does not block: a follower that starts wants to know at once that there is nothing to wait for.
      let reply = await redis.xread('COUNT', BATCH_ENTRIES, 'STREAMS', REVOCATION_STREAM, after)
      while (!signal.aborted) {
        const batch = decode(reply as StreamReply | null, after)
        if (batch.cursor !== after) place = batch.cursor
        after = batch.cursor
        yield { ...batch, cursor: place }
        reply = await redis.xread(
          'COUNT',
          BATCH_ENTRIES,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          REVOCATION_STREAM,
          after
        )
      }
    }
  }
}

/** Some entries before the cursor are read once more: that costs nothing, and one that is missed costs a revocation. */
function before(cursor: Cursor, overlapMs: number): Cursor {
  if (overlapMs === 0) return cursor
  const [milliseconds] = cursor.split('-')
  return String(Math.max(0, Number(milliseconds) - overlapMs))
}

type StreamReply = [stream: string, entries: [id: string, fields: string[]][]][]

function decode(reply: StreamReply | null, after: string): RevocationBatch {
  const rows = reply?.[0]?.[1] ?? []
  return {
    entries: rows.flatMap(([, fields]) => decodeEntry(fields)),
    cursor: rows.at(-1)?.[0] ?? after,
    caughtUp: rows.length < BATCH_ENTRIES
  }
}

/** An entry of a kind that this version does not know is none of its business; it was written by a newer one. */
function decodeEntry(fields: string[]): Revocation[] {
  const entry: Record<string, string | number> = {}
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name = '', value = ''] = [fields[index], fields[index + 1]]
    entry[name] = name === 'until' || name === 'before' ? Number(value) : value
  }
  return shape.Check(entry) ? [entry] : []
}

/** The fields of an entry, as they stand in the stream. */
export function encodeEntry(entry: Revocation): string[] {
  return Object.entries(entry).flatMap(([name, value]) => [name, String(value)])
}
