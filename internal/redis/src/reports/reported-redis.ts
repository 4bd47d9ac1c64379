import { setTimeout as sleep } from 'node:timers/promises'
import { Counter, Gauge, type Registry } from 'prom-client'
import { type ConnectOptions, connectRedis } from '../connecting/connect-redis.ts'
import type { RedisConnection } from '../connecting/connection.ts'
import { evictionFault } from './eviction-policy.ts'
import { faultCause } from './fault-cause.ts'
import { lastingFault, remedyOf } from './lasting-fault.ts'
import { missingRights, type NeededRights } from './missing-rights.ts'

type Line = (fields: object, message: string) => void
type RedisReport = {
  /** the name of the service: the prefix of its metrics */
  readonly service: 'auth' | 'gateway'
  readonly log: { readonly warn: Line; readonly info: Line }
  readonly metrics: Registry
}

/** The Redis connections of one process, with logs and metrics about them. */
export type ReportedRedis = {
  /** @param name of the connection, in the log and the metrics */
  connect(name: string, options: Omit<ConnectOptions, 'onFault'>): RedisConnection
  /** what is wrong with the eviction policy of Redis, if it is known */
  readonly evictionFault: string | null
  /**
   * Resolves when every connection is ready and the eviction policy is known, when Redis can never
   * be used, or when the time is over.
   */
  settled(withinMs: number): Promise<void>
  /**
   * Why a process cannot start with this Redis, for the operator; null if it can, or if the fault
   * may pass. Call it when the connections are settled.
   */
  startFault(rights: readonly NeededRights[]): Promise<string | null>
}

/** The connections of a process, and what is wrong with their Redis. */
type State = RedisReport & {
  readonly connections: Map<string, RedisConnection>
  /** each resolves when its connection was ready for the first time */
  readonly settling: Promise<void>[]
  /** resolved when Redis can never be used */
  readonly hopeless: PromiseWithResolvers<void>
  eviction: string | null
  lasting: string | null
}

/** Opens connections. The log has each outage once per cause, and the metrics show the state. */
export function reportedRedis(report: RedisReport): ReportedRedis {
  const state: State = {
    ...report,
    connections: new Map(),
    settling: [],
    hopeless: Promise.withResolvers(),
    eviction: null,
    lasting: null
  }
  const made = connectionMetrics(state)
  return {
    connect: (name, options) => connect(state, made, name, options),
    get evictionFault() {
      return state.eviction
    },
    async settled(withinMs) {
      const over = new AbortController()
      const timer = sleep(withinMs, undefined, { signal: over.signal }).catch(() => {})
      await Promise.race([Promise.all(state.settling), state.hopeless.promise, timer])
      over.abort()
    },
    startFault: (rights) => startFault(state, rights)
  }
}

/** @returns counts the connections that become ready */
function connectionMetrics({ service, metrics, connections }: State): Counter<'connection'> {
  new Gauge({
    name: `${service}_redis_connected`,
    help: '1 while the connection to Redis is ready, 0 while it is being made',
    labelNames: ['connection'],
    aggregator: 'min',
    registers: [metrics],
    collect() {
      for (const [connection, { status }] of connections) {
        this.set({ connection }, status === 'ready' ? 1 : 0)
      }
    }
  })
  return new Counter({
    name: `${service}_redis_connections_made_total`,
    help: 'Connections to Redis that became ready since the process started',
    labelNames: ['connection'],
    registers: [metrics]
  })
}

function connect(
  state: State,
  made: Counter<'connection'>,
  connection: string,
  options: Omit<ConnectOptions, 'onFault'>
): RedisConnection {
  const { log } = state
  const told = new Set<string>()
  const onFault = (error: Error): void => {
    const cause = faultCause(error)
    // An outage is reported once for each of its causes, not at every attempt to end it.
    // After the start, this line is all that an operator gets.
    const remedy = remedyOf(cause)
    const fields = remedy === undefined ? { connection, cause } : { connection, cause, remedy }
    if (!told.has(cause)) log.warn(fields, 'Redis is unreachable')
    told.add(cause)
    state.lasting ??= lastingFault(cause)
    if (state.lasting !== null) state.hopeless.resolve()
  }
  const redis = connectRedis({ ...options, onFault })
  const onReady = async (): Promise<void> => {
    made.inc({ connection })
    if (told.size > 0) log.info({ connection }, 'Redis is reachable again')
    told.clear()
    if ((options.use ?? 'commands') === 'commands') await readPolicy(state, redis)
  }
  state.settling.push(new Promise((resolve) => redis.once('ready', () => onReady().then(resolve))))
  redis.once('ready', () => redis.on('ready', () => void onReady()))
  state.connections.set(connection, redis)
  return redis
}

/**
 * Reads the eviction policy, on every connection again, because a failover may lead to a server
 * with another configuration.
 */
async function readPolicy(state: State, redis: RedisConnection): Promise<void> {
  const { log } = state
  try {
    const fault = await evictionFault(redis)
    if (fault !== null && fault !== state.eviction) log.warn({}, fault)
    state.eviction = fault
  } catch (error) {
    log.warn({ cause: faultCause(error) }, 'Redis does not report its maxmemory-policy')
  }
}

async function startFault(
  { lasting, connections }: State,
  rights: readonly NeededRights[]
): Promise<string | null> {
  if (lasting !== null) return lasting
  const redis = [...connections.values()].find(({ status }) => status === 'ready')
  if (redis === undefined) return null
  for (const needed of rights) {
    const key = `${redis.options.keyPrefix ?? ''}${needed.key}`
    try {
      const missing = await missingRights(redis, needed)
      if (missing.length > 0) {
        return lastingFault(`NOPERM the user may not run ${missing.join(', ')} on ${key}`)
      }
    } catch (error) {
      const cause = faultCause(error)
      // Redis does not say which key.
      const isOfKey = /^NOPERM.*\bkeys?\b/.test(cause)
      return lastingFault(isOfKey ? `NOPERM the user may not use the key ${key}` : cause)
    }
  }
  return null
}
