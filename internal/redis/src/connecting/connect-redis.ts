import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { Cluster, type ClusterOptions, Redis } from 'ioredis'
import {
  type ClusterAddress,
  type Passwords,
  type RedisAddress,
  redisAddress
} from '../redis-address.ts'
import {
  COMMAND_TIMEOUT_MS,
  type ConnectionOptions,
  commonOptions,
  type RedisConnection
} from './connection.ts'
import { gatherWrites } from './gathered-writes.ts'
import { takeLaterFaults } from './later-faults.ts'
import { supervise } from './supervise.ts'
import { watchFailovers } from './watch-failovers.ts'

/** longer than the longest blocking read (one second), so that a frozen server is noticed */
const BLOCKING_TIMEOUT_MS = 3000
/**
 * how often a cluster is asked which node has which slots; a node that was gone is known again
 * after this time
 */
const SLOTS_REFRESH_MS = 2000
/** while slots move */
const MAX_REDIRECTIONS = 3

/** The options that all connections of a process share. */
export type RedisTarget = {
  readonly url: string
  readonly passwords?: Passwords
  readonly timeoutMs?: number
  /** the prefix of each key */
  readonly keyPrefix?: string
  /** set if the address requires TLS */
  readonly tls?: TlsOptions
}

/** `timeoutMs`: how long a command may take; opening a connection may take twice as long. */
export type ConnectOptions = RedisTarget & {
  /**
   * 'blocking' for a connection that makes blocking reads, 'subscriptions' for one that subscribes
   */
  readonly use?: 'commands' | 'blocking' | 'subscriptions'
  readonly onFault: (error: Error) => void
}

/**
 * A Redis connection on which every call ends in bounded time. By default, ioredis waits 8 to 15
 * seconds when the server is frozen or gone. Nothing is queued while there is no connection, and
 * nothing is sent twice: a rotation that may have happened must not happen again. The connection is
 * reopened until its owner calls `disconnect()`.
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
    ...commonOptions,
    connectTimeout: 2 * timeoutMs,
    disconnectTimeout: timeoutMs,
    commandTimeout: use === 'blocking' ? BLOCKING_TIMEOUT_MS : timeoutMs,
    sentinelCommandTimeout: timeoutMs
  }
  const { redis, onDisconnect = () => {} } = open(address, options, { ...target, use })
  redis.on('error', (error) =>
    onFault(address.secure ? withoutTls(error) : withTls(error, redis.status))
  )
  if (redis instanceof Redis) reportEarlyEnds(redis, address.secure, onFault)
  // A blocking read itself expects a reply.
  supervise(redis, { probes: use !== 'blocking', onDisconnect })
  return redis
}

/**
 * Another server than Redis takes the first command for nonsense and closes the connection, which
 * is not an error for ioredis.
 */
function reportEarlyEnds(redis: Redis, secure: boolean, onFault: (error: Error) => void): void {
  let isExplained = false
  redis.on('error', () => {
    isExplained = true
  })
  redis.on('connect', () => {
    isExplained = false
    redis.stream.once('end', () => {
      if (redis.status !== 'connect' || isExplained) return
      onFault(new Error(secure ? `${CLOSED}. Is it a Redis server?` : `${CLOSED}. ${PLAIN}`))
    })
  })
}

const CLOSED = 'the server closed the connection without a reply'
const PLAIN = 'Is it a Redis server without TLS?'

/** A server with TLS cannot read the first command, and resets the connection. */
const withTls = (error: Error, status: string): Error =>
  error.message === 'read ECONNRESET' && status === 'connect'
    ? new Error(`${error.message}: ${CLOSED}. ${PLAIN}`)
    : error

/** A server without TLS reads the handshake as a command without an end, and never answers. */
const withoutTls = (error: Error): Error =>
  error.message === 'connect ETIMEDOUT'
    ? new Error(`${error.message}: no TLS connection in time. Does the port use TLS?`)
    : error

/** `onDisconnect` stops everything that watches the connection. */
type Opened = { readonly redis: RedisConnection; readonly onDisconnect?: () => void }

function open(
  address: RedisAddress,
  options: ConnectionOptions,
  { keyPrefix = '', tls = {}, use }: Pick<ConnectOptions, 'keyPrefix' | 'tls' | 'use'>
): Opened {
  const secured = address.secure ? { tls } : {}
  if (address.kind === 'cluster') {
    const shardedSubscribers = use === 'subscriptions'
    return {
      redis: connectCluster(address, { ...options, ...secured }, { keyPrefix, shardedSubscribers })
    }
  }
  const common = { ...options, ...address.options, ...secured, keyPrefix }
  if (address.kind === 'server') {
    const { host, port } = address
    const redis = new Redis({ ...common, host, port })
    takeLaterFaults(redis)
    gatherWrites(redis)
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
  gatherWrites(redis)
  const own = { ...options, ...credentials, ...(address.sentinelsSecure ? { tls } : {}) }
  return { redis, onDisconnect: watchFailovers(redis, address, own) }
}

function connectCluster(
  { nodes, options: credentials }: ClusterAddress,
  options: ConnectionOptions,
  own: Pick<ClusterOptions, 'keyPrefix' | 'shardedSubscribers'>
): Cluster {
  const { retryStrategy, enableOfflineQueue, ...redisOptions } = options
  const cluster = new Cluster(nodes, {
    ...own,
    redisOptions: { ...redisOptions, ...credentials },
    enableOfflineQueue,
    // A certificate names a host, but the client would connect to the address that it has resolved
    // itself.
    dnsLookup: (host, found) => found(null, host),
    clusterRetryStrategy: retryStrategy,
    // Without it, a lost node leaves the pool and returns only when another node reports that slots
    // have moved.
    clusterNodeRetryStrategy: retryStrategy,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    slotsRefreshTimeout: options.connectTimeout,
    // A node that answers "not mine" has not run the command; one that disconnected may have. Only
    // the first is sent elsewhere.
    maxRedirections: MAX_REDIRECTIONS,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 0
  })
  cluster.on('+node', (redis: Redis) => {
    takeLaterFaults(redis)
    gatherWrites(redis)
  })
  return cluster
}
