import { EventEmitter } from 'node:events'
import type { RedisConnection } from '@gatehouse/redis/connection'
import type { Partition } from '@gatehouse/redis/partitions'
import { revocationStream } from './revocation-stream.ts'

/** When the logs of partitions have new entries. */
export type LogNews = {
  /**
   * Resolves when the log of this partition has had a new entry since the last call, and at least
   * twice a second: for heartbeats, which are not announced, and because an announcement can be
   * lost.
   */
  next(partition: Partition, signal: AbortSignal): Promise<void>
}

/** also the interval of the heartbeats */
const LONGEST_WAIT_MS = 500

const SUBSCRIBE_MS = 10_000

/**
 * The writers of the logs publish each new entry on a sharded channel with the name of the stream,
 * in the same step. In a cluster, the node that has the stream has the channel, so a connection to
 * each node hears of all partitions. The entry itself is read from the stream: a channel delivers
 * at most once.
 * @param redis a connection that is only for this
 */
export function redisLogNews(
  redis: RedisConnection,
  partitions: readonly Partition[],
  longestWaitMs = LONGEST_WAIT_MS
): LogNews {
  const announced = new Set<string>()
  const events = new EventEmitter().setMaxListeners(0)
  const prefix = redis.options.keyPrefix ?? ''
  const channelOf = (partition: Partition): string => `${prefix}${revocationStream(partition)}`
  redis.on('smessage', (channel: string) => {
    announced.add(channel)
    events.emit(channel)
  })
  keepSubscribed(redis, partitions.map(revocationStream))
  return {
    async next(partition, signal) {
      const channel = channelOf(partition)
      if (!announced.has(channel)) await emitted(events, channel, longestWaitMs, signal)
      announced.delete(channel)
    }
  }
}

/**
 * In a cluster, the client tries only once to subscribe again when a slot has moved or a node was
 * replaced. So subscriptions are repeated, which costs little if they exist.
 */
function keepSubscribed(redis: RedisConnection, channels: readonly string[]): void {
  const subscribe = (): void => {
    // The channels are in different slots.
    for (const channel of channels) void redis.ssubscribe(channel).catch(() => {})
  }
  let repeated: NodeJS.Timeout
  const begin = (): void => {
    subscribe()
    clearInterval(repeated)
    repeated = setInterval(subscribe, SUBSCRIBE_MS).unref()
  }
  if (redis.status === 'ready') begin()
  redis.on('ready', begin)
  redis.on('end', () => clearInterval(repeated))
}

/** Resolves with the event, after a time or when the signal is aborted. */
function emitted(
  events: EventEmitter,
  event: string,
  withinMs: number,
  signal: AbortSignal
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      events.off(event, done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, withinMs)
    events.on(event, done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
