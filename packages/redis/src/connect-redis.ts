import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { type RedisAddress, redisAddress } from './redis-address.ts'

/** how long a command may take, where nothing else is said */
export const COMMAND_TIMEOUT_MS = 250
/** over the longest blocking read (a second), so that a frozen server is noticed */
const BLOCKING_TIMEOUT_MS = 3000
/**
 * A connection on which an answer is due for so long is replaced: a way that has gone silent without an end (a NAT that forgot
 * it, a host that vanished) would otherwise be waited on for as long as TCP repeats itself, a quarter of an hour.
 */
const SILENCE_MS = 2500
const LONGEST_RETRY_PAUSE_MS = 500
/** while slots move */
const MAX_REDIRECTIONS = 3

/** One server, the master that sentinels name, or a cluster. */
export type RedisConnection = Redis | Cluster

type ConnectOptions = {
  url: string
  /** how long a command may take; a connection may take twice as long to come about */
  timeoutMs?: number
  /** 'blocking' for a connection that waits in blocking reads */
  use?: 'commands' | 'blocking'
  onFault: (error: Error) => void
}

/**
 * A Redis connection on which every call ends in bounded time: with its defaults ioredis is silent for 8 to 15 seconds
 * when the server is frozen or gone. Nothing is queued while there is no connection, and nothing is sent twice: a
 * rotation that may have happened must not happen again.
 */
export function connectRedis({
  url,
  timeoutMs = COMMAND_TIMEOUT_MS,
  use = 'commands',
  onFault
}: ConnectOptions): RedisConnection {
  const redis = connect(redisAddress(url), {
    ...common,
    connectTimeout: 2 * timeoutMs,
    commandTimeout: use === 'blocking' ? BLOCKING_TIMEOUT_MS : timeoutMs,
    sentinelCommandTimeout: timeoutMs
  })
  redis.on('error', onFault)
  return redis
}

const pause = (attempt: number) => Math.min(50 * attempt, LONGEST_RETRY_PAUSE_MS)

const common = {
  socketTimeout: SILENCE_MS,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: pause,
  sentinelRetryStrategy: pause,
  // A master that became a replica: the connection looks for the new one. The command is not sent again.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  // One wire format whatever the server prefers: replies have the shapes that the wrappers decode.
  protocol: 2 as const
} satisfies RedisOptions

type Timeouts = Record<'connectTimeout' | 'commandTimeout' | 'sentinelCommandTimeout', number>

function connect(address: RedisAddress, options: typeof common & Timeouts): RedisConnection {
  if (address.kind === 'server') return new Redis(address.url, options)
  if (address.kind === 'sentinel') return new Redis({ ...address.options, ...options })
  const { retryStrategy, enableOfflineQueue, ...redisOptions } = options
  return new Cluster(address.nodes, {
    redisOptions: { ...redisOptions, ...address.options },
    enableOfflineQueue,
    clusterRetryStrategy: retryStrategy,
    slotsRefreshTimeout: options.connectTimeout,
    // A node that says "not mine" has not done it; one that went away may have. Only the first is asked elsewhere.
    maxRedirections: MAX_REDIRECTIONS,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 0
  })
}
