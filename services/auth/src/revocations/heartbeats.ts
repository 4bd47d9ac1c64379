import { hostname } from 'node:os'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { HEARTBEAT_MS, redisHeartbeat } from '@gatehouse/revocation/redis-heartbeats'
import { Gauge, type Registry } from 'prom-client'

/**
 * how long replicas may take to acknowledge the previous heartbeat; all other commands on the
 * connection wait for that
 */
const REPLICATION_MS = 50

/** The heartbeats of this process in the revocation log. */
type Heartbeats = {
  /** seconds since the log last accepted a write of this process; infinite before the first time */
  ageSeconds(): number
  /** resolves when the first attempt has ended, successful or not */
  readonly started: Promise<void>
  close(): Promise<void>
}

type HeartbeatOptions = {
  readonly redis: RedisConnection
  /** the number of replicas that must have a revocation before it is acknowledged */
  readonly replicas: number
  /** in milliseconds, never set back */
  readonly monotonicClock: () => number
  /** is called when a fault begins */
  readonly onFault: (error: unknown) => void
  readonly intervalMs?: number
}

/**
 * Writes heartbeats into the revocation log, which show that it receives revocations. If a
 * revocation would not be acknowledged because replicas are missing, no heartbeat is written
 * either: gateways that follow a master in the smaller part of a partition must not believe that
 * they are up to date.
 */
export function writeHeartbeats(options: HeartbeatOptions): Heartbeats {
  const { redis, replicas, monotonicClock, onFault, intervalMs = HEARTBEAT_MS } = options
  const beat = redisHeartbeat(redis, `${hostname()}:${process.pid}`)
  let takenMs = Number.NEGATIVE_INFINITY
  let inTouch = true
  let closed = false
  let timer: NodeJS.Timeout

  const replicated = async (): Promise<void> => {
    if (replicas === 0) return
    const reached = await redis.wait(replicas, REPLICATION_MS)
    if (reached < replicas) throw new Error(`${reached} of ${replicas} replicas have the log`)
  }
  const round = async (): Promise<void> => {
    try {
      await replicated()
      await beat()
      takenMs = monotonicClock()
      inTouch = true
    } catch (error) {
      if (inTouch) onFault(error)
      inTouch = false
    }
  }
  let underWay = Promise.resolve()
  const next = (): void => {
    underWay = round().then(() => {
      if (!closed) timer = setTimeout(next, intervalMs).unref()
    })
  }
  next()
  return {
    started: underWay,
    ageSeconds: () => (monotonicClock() - takenMs) / 1000,
    async close() {
      closed = true
      clearTimeout(timer)
      await underWay
    }
  }
}

/**
 * The heartbeats of an auth service that shares Redis with others; null if its gateway is in the
 * same process.
 */
export async function openHeartbeats(
  redis: RedisConnection | null,
  {
    metrics,
    ...options
  }: Pick<HeartbeatOptions, 'replicas' | 'monotonicClock' | 'onFault'> & { metrics: Registry }
): Promise<Heartbeats | null> {
  if (redis === null) return null
  const heartbeats = writeHeartbeats({ ...options, redis })
  new Gauge({
    name: 'auth_revocation_heartbeat_age_seconds',
    help: 'Seconds since the last successful write of this process to the revocation log',
    aggregator: 'max',
    registers: [metrics],
    collect() {
      this.set(heartbeats.ageSeconds())
    }
  })
  await heartbeats.started
  return heartbeats
}
