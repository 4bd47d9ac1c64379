import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { takeLaterFaults } from './later-faults.ts'
import { type ClusterAddress, type RedisAddress, redisAddress } from './redis-address.ts'
import type { RedisTarget } from './settings.ts'
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

/** `timeoutMs`: how long a command may take; a connection may take twice as long to come about. */
export type ConnectOptions = RedisTarget & {
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
  passwords,
  timeoutMs = COMMAND_TIMEOUT_MS,
  use = 'commands',
  onFault,
  ...target
}: ConnectOptions): RedisConnection {
  const address = redisAddress(url, passwords)
  const options = {
    ...common,
    connectTimeout: 2 * timeoutMs,
    disconnectTimeout: timeoutMs,
    commandTimeout: use === 'blocking' ? BLOCKING_TIMEOUT_MS : timeoutMs,
    sentinelCommandTimeout: timeoutMs
  }
  const { redis, onDisconnect = () => {} } = open(address, options, target)
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
  // A user with few rights may not say which client it is, and each attempt would be in the log of Redis.
  disableClientInfo: true,
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

function open(
  address: RedisAddress,
  options: ConnectionOptions,
  { keyPrefix = '', tls = {} }: Pick<RedisTarget, 'keyPrefix' | 'tls'>
): Opened {
  const secured = address.secure ? { tls } : {}
  if (address.kind === 'cluster') {
    return { redis: connectCluster(address, { ...options, ...secured }, keyPrefix) }
  }
  const common = { ...options, ...address.options, ...secured, keyPrefix }
  if (address.kind === 'server') {
    const { host, port } = address
    const redis = new Redis({ ...common, host, port })
    takeLaterFaults(redis)
    return { redis }
  }
  const { name, sentinels, credentials } = address
  const redis = new Redis({
    ...common,
    name,
    sentinels,
    enableTLSForSentinelMode: address.secure,
    ...(address.sentinelsSecure ? { sentinelTLS: tls } : {}),
    ...(credentials.username === undefined ? {} : { sentinelUsername: credentials.username }),
    ...(credentials.password === undefined ? {} : { sentinelPassword: credentials.password })
  })
  takeLaterFaults(redis)
  const own = { ...options, ...credentials, ...(address.sentinelsSecure ? { tls } : {}) }
  return { redis, onDisconnect: watchFailovers(redis, address, own) }
}

function connectCluster(
  { nodes, options: credentials }: ClusterAddress,
  options: ConnectionOptions,
  keyPrefix: string
): Cluster {
  const { retryStrategy, enableOfflineQueue, ...redisOptions } = options
  const cluster = new Cluster(nodes, {
    redisOptions: { ...redisOptions, ...credentials },
    keyPrefix,
    enableOfflineQueue,
    // A certificate is for a name: the client would connect to the address that it has looked up itself.
    dnsLookup: (host, found) => found(null, host),
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
  cluster.on('+node', takeLaterFaults)
  return cluster
}
