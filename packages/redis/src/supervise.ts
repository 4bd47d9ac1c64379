import type { RedisConnection } from './connect-redis.ts'

/** how often a connection is looked after */
const ROUND_MS = 500
/** longer than any step of connecting may take: a connection that stays in one state for so long is stuck */
const STUCK_MS = 10_000

type Supervision = {
  /** whether an idle connection is asked something in every round */
  readonly probes: boolean
  /** called once, when the owner ends the connection */
  readonly onDisconnect?: () => void
  /** monotonic, in milliseconds */
  readonly clock?: () => number
}

/**
 * Keeps a connection alive until its owner calls `disconnect()`. ioredis gives up in some cases and never connects again: a
 * connection that is closed while the sentinels are asked for the master ends, and a cluster client can stay in one state without
 * a timer. So each connection is looked at twice a second, and what its client gave up is begun again.
 */
export function supervise(
  redis: RedisConnection,
  { probes, onDisconnect = () => {}, clock = () => performance.now() }: Supervision
): void {
  let state = { status: redis.status, sinceMs: clock() }
  const isStuck = (): boolean => {
    if (state.status !== redis.status) state = { status: redis.status, sinceMs: clock() }
    return clock() - state.sinceMs > STUCK_MS
  }
  const round = (): void => {
    const stuck = isStuck()
    if (redis.status === 'ready') {
      // A connection that a firewall has forgotten shows only when an answer is due; `socketTimeout` then replaces it.
      if (probes) redis.ping().catch(() => {})
    } else if (redis.status === 'end' || stuck) {
      state = { status: redis.status, sinceMs: clock() }
      beginAgain(redis)
    }
  }
  const rounds = setInterval(round, ROUND_MS).unref()
  const disconnect = redis.disconnect.bind(redis)
  redis.disconnect = (reconnect = false) => {
    // Only the owner calls it without `reconnect`: the connection is no longer needed.
    if (!reconnect) {
      clearInterval(rounds)
      onDisconnect()
    }
    disconnect(reconnect)
  }
}

/** The states from which ioredis refuses to connect: it believes that it is doing so. */
const CONNECTING = new Set<string>(['connecting', 'connect'])

function beginAgain(redis: RedisConnection): void {
  if (CONNECTING.has(redis.status)) redis.disconnect(true)
  else redis.connect().catch(() => {})
}
