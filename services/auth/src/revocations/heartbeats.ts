import { hostname } from 'node:os'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { loggedPartitions, type Partition } from '@gatehouse/redis/partitions'
import { HEARTBEAT_MS, redisHeartbeat } from '@gatehouse/revocation/redis-heartbeats'
import { Gauge, type Registry } from 'prom-client'
import { markKey, type RecordedPartitions } from '../redis/session-partitions.ts'
import type { CompleteLogs } from './complete-logs.ts'

/**
 * how long replicas may take to acknowledge the previous heartbeat; all other commands on the
 * connection wait for that
 */
const REPLICATION_MS = 50

/** The heartbeats of this process in the revocation logs. */
type Heartbeats = {
  /**
   * seconds since every log last accepted a write of this process; infinite before the first time
   */
  ageSeconds(): number
  /** resolves when the first attempt has ended, successful or not */
  readonly started: Promise<void>
  close(): Promise<void>
}

type HeartbeatOptions = {
  readonly redis: RedisConnection
  /** a single one by default */
  readonly partitions?: Pick<RecordedPartitions, 'read' | 'onNumber'>
  /** into which logs to write heartbeats; all by default */
  readonly complete?: CompleteLogs
  /** the number of replicas that must have a revocation before it is acknowledged */
  readonly replicas: number
  /** in milliseconds, never set back */
  readonly monotonicClock: () => number
  /** is called when a fault begins */
  readonly onFault: (error: unknown) => void
  readonly intervalMs?: number
}

const ONE: Pick<RecordedPartitions, 'read' | 'onNumber'> = {
  read: async () => 1,
  onNumber: (tell) => tell(1)
}

/**
 * Writes heartbeats into the log of each partition, which show that it receives revocations. A log
 * whose node does not answer delays no other.
 */
export function writeHeartbeats(options: HeartbeatOptions): Heartbeats {
  const { partitions = ONE, complete, monotonicClock, onFault } = options
  let writers: LogHeartbeats[] = []
  const closing: Promise<void>[] = []
  const close = (): void => {
    closing.push(...writers.map((writer) => writer.close()))
  }
  partitions.onNumber((number) => {
    close()
    writers = loggedPartitions(number).map((partition) =>
      writeLogHeartbeats({
        ...options,
        log: { partition, partitions: number },
        onOtherNumber: () => partitions.read(),
        onFault(error) {
          // A node that is down has several logs.
          if (writers.filter((writer) => writer.isFailing()).length <= 1) onFault(error)
        }
      })
    )
  })
  complete?.onCompleted(() => {
    for (const writer of writers) writer.hurry()
  })
  return {
    started: partitions
      .read()
      .catch(onFault)
      .then(async () => void (await Promise.all(writers.map(({ started }) => started)))),
    ageSeconds: () =>
      Math.max(
        ...writers.map((writer) => (monotonicClock() - writer.takenMs()) / 1000),
        writers.length === 0 ? Number.POSITIVE_INFINITY : 0
      ),
    async close() {
      close()
      await Promise.all(closing)
    }
  }
}

type LogHeartbeats = {
  /** when the log last accepted a write, by the monotonic clock */
  takenMs(): number
  isFailing(): boolean
  readonly started: Promise<void>
  /** The log may be complete now: does not wait for the next interval. */
  hurry(): void
  close(): Promise<void>
}

type LogOptions = Omit<HeartbeatOptions, 'partitions'> & {
  readonly log: { readonly partition: Partition; readonly partitions: number }
  /** Redis has recorded another number of partitions */
  readonly onOtherNumber: () => Promise<unknown>
}

/**
 * If a revocation would not be acknowledged because replicas are missing, no heartbeat is written
 * either: gateways that follow a master in the smaller part of a partition must not believe that
 * they are up to date.
 */
function writeLogHeartbeats(options: LogOptions): LogHeartbeats {
  const { redis, replicas, monotonicClock, onFault, onOtherNumber } = options
  const { intervalMs = HEARTBEAT_MS } = options
  const beat = redisHeartbeat(redis, `${hostname()}:${process.pid}`, logOf(options))
  let takenMs = Number.NEGATIVE_INFINITY
  let inTouch = true
  let isIncomplete = false
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
      const outcome = await beat()
      isIncomplete = outcome === 'incomplete'
      if (outcome === 'other-number') return void (await onOtherNumber())
      if (isIncomplete) return
      takenMs = monotonicClock()
      inTouch = true
    } catch (error) {
      const wasInTouch = inTouch
      inTouch = false
      if (wasInTouch && !closed) onFault(error)
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
    takenMs: () => takenMs,
    isFailing: () => !inTouch,
    hurry() {
      if (!isIncomplete || closed) return
      isIncomplete = false
      clearTimeout(timer)
      next()
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await underWay
    }
  }
}

function logOf({ log, complete }: LogOptions) {
  const { partition, partitions } = log
  const mark = markKey(partition, partitions)
  if (complete === undefined) return { ...log, mark }
  return { ...log, mark, completeMark: () => complete.markOf(partition) }
}

type OpenHeartbeatOptions = Pick<
  HeartbeatOptions,
  'partitions' | 'replicas' | 'monotonicClock' | 'onFault'
> & { readonly complete: CompleteLogs; readonly metrics: Registry }

/**
 * The heartbeats of an auth service that shares Redis with others; null if its gateway is in the
 * same process.
 */
export async function openHeartbeats(
  redis: RedisConnection | null,
  { metrics, ...options }: OpenHeartbeatOptions
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
