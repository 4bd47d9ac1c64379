import { Redis, type RedisOptions } from 'ioredis'
import { redisAddress } from './redis-address.ts'

const CONNECT_TIMEOUT_MS = 500
const COMMAND_TIMEOUT_MS = 250
/** over the longest blocking read (a second), so that a frozen server is noticed */
const BLOCKING_TIMEOUT_MS = 3000
const LONGEST_RETRY_PAUSE_MS = 500

type RedisConnectionOptions = {
  url: string
  /** 'blocking' for a connection that waits in blocking reads */
  use?: 'commands' | 'blocking'
  onFault: (error: Error) => void
}

/**
 * A Redis connection on which every call ends in bounded time: with its defaults ioredis is silent for 8 to 15 seconds
 * when the server is frozen or gone. Nothing is queued while there is no connection, and nothing is sent twice: a
 * rotation that may have happened must not happen again.
 */
export function connectRedis({ url, use = 'commands', onFault }: RedisConnectionOptions): Redis {
  const options = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: use === 'blocking' ? BLOCKING_TIMEOUT_MS : COMMAND_TIMEOUT_MS,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt: number) => Math.min(50 * attempt, LONGEST_RETRY_PAUSE_MS),
    sentinelRetryStrategy: (attempt: number) => Math.min(50 * attempt, LONGEST_RETRY_PAUSE_MS),
    // A master that became a replica: the connection looks for the new one. The command is not sent again.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    // One wire format whatever the server prefers: replies have the shapes that the wrappers decode.
    protocol: 2
  } satisfies RedisOptions
  const address = redisAddress(url)
  const redis =
    'url' in address
      ? new Redis(address.url, options)
      : new Redis({ ...address.options, ...options })
  redis.on('error', onFault)
  return redis
}
