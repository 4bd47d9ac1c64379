import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { type ClusterAddress, type RedisAddress, redisAddress } from './redis-address.ts'
import { supervise } from './supervise.ts'
import { watchFailovers } from './watch-failovers.ts'

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
/** how often a cluster is asked which node holds which slots: a node that is gone and back is known again after so long */
const SLOTS_REFRESH_MS = 2000
/** while slots move */
const MAX_REDIRECTIONS = 3

/** One server, the master that sentinels name, or a cluster. */
export type RedisConnection = Redis | Cluster

export type ConnectOptions = {
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
 * rotation that may have happened must not happen again. The connection is made anew until its owner calls `disconnect()`.
 */
export function connectRedis({
  url,
  timeoutMs = COMMAND_TIMEOUT_MS,
  use = 'commands',
  onFault
}: ConnectOptions): RedisConnection {
  const address = redisAddress(url)
  const options = {
    ...common,
    connectTimeout: 2 * timeoutMs,
    disconnectTimeout: timeoutMs,
    commandTimeout: use === 'blocking' ? BLOCKING_TIMEOUT_MS : timeoutMs,
    sentinelCommandTimeout: timeoutMs
  }
  const { redis, onDisconnect = () => {} } = open(address, options)
  redis.on('error', onFault)
  // A blocking read is itself a question with an answer due.
  supervise(redis, { probes: use === 'commands', onDisconnect })
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
  maxLoadingRetryTime: LONGEST_RETRY_PAUSE_MS,
  // A master that became a replica: the connection looks for the new one. The command is not sent again.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  // One wire format whatever the server prefers: replies have the shapes that the wrappers decode.
  protocol: 2 as const
} satisfies RedisOptions

export type ConnectionOptions = typeof common &
  Record<
    'connectTimeout' | 'disconnectTimeout' | 'commandTimeout' | 'sentinelCommandTimeout',
    number
  >

/** `onDisconnect` ends what watches over the connection. */
type Opened = { readonly redis: RedisConnection; readonly onDisconnect?: () => void }

function open(address: RedisAddress, options: ConnectionOptions): Opened {
  if (address.kind === 'server') return { redis: new Redis(address.url, options) }
  if (address.kind === 'cluster') return { redis: connectCluster(address, options) }
  const { name, sentinels } = address
  const redis = new Redis({ ...options, ...address.options, name, sentinels })
  return { redis, onDisconnect: watchFailovers(redis, address, options) }
}

function connectCluster(
  { nodes, options: credentials }: ClusterAddress,
  options: ConnectionOptions
): Cluster {
  const { retryStrategy, enableOfflineQueue, ...redisOptions } = options
  return new Cluster(nodes, {
    redisOptions: { ...redisOptions, ...credentials },
    enableOfflineQueue,
    clusterRetryStrategy: retryStrategy,
    // Without it a node that was lost leaves the pool, and comes back only when another node says that slots have moved.
    clusterNodeRetryStrategy: retryStrategy,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    slotsRefreshTimeout: options.connectTimeout,
    // A node that says "not mine" has not done it; one that went away may have. Only the first is asked elsewhere.
    maxRedirections: MAX_REDIRECTIONS,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 0
  })
}
