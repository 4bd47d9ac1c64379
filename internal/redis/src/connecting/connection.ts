import type { Cluster, Redis, RedisOptions } from 'ioredis'

/** how long a command may take by default */
export const COMMAND_TIMEOUT_MS = 250
/**
 * A connection that has owed a reply for this long is replaced. If a device on the path has
 * silently dropped it (a NAT, or a host that vanished), TCP would wait for a quarter of an hour.
 */
const SILENCE_MS = 2500
const LONGEST_RETRY_PAUSE_MS = 500

/** One server, the master that the sentinels name, or a cluster. */
export type RedisConnection = Redis | Cluster

const pause = (attempt: number) => Math.min(50 * attempt, LONGEST_RETRY_PAUSE_MS)

/** The options of every connection. */
export const commonOptions = {
  socketTimeout: SILENCE_MS,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  // ioredis would subscribe again without handling an error, and a sentinel that does not answer in
  // time would end the process. Code that subscribes does so on every 'ready'.
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: pause,
  sentinelRetryStrategy: pause,
  maxLoadingRetryTime: LONGEST_RETRY_PAUSE_MS,
  // A master has become a replica: the connection looks for the new master. The command is not sent
  // again.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  // A user with few rights may not set the client's name, and each attempt would be in the log of
  // Redis.
  disableClientInfo: true,
  // One protocol, whatever the server prefers, so that replies have the shapes that the wrappers
  // decode.
  protocol: 2 as const
} satisfies RedisOptions

export type ConnectionOptions = typeof commonOptions &
  Record<
    'connectTimeout' | 'disconnectTimeout' | 'commandTimeout' | 'sentinelCommandTimeout',
    number
  >
