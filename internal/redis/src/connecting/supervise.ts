import type { RedisConnection } from './connection.ts'

/** how often each connection is checked */
const ROUND_MS = 500
/**
 * longer than any step of connecting may take: a connection that stays in one state for this long
 * is stuck
 */
const STUCK_MS = 10_000

type Supervision = {
  /** whether an idle connection is pinged in every round */
  readonly probes: boolean
  /** called once, when the owner ends the connection */
  readonly onDisconnect?: () => void
  /** monotonic, in milliseconds */
  readonly clock?: () => number
}

/**
 * Keeps a connection alive until its owner calls `disconnect()`. In some cases, ioredis gives up
 * and never connects again: a connection that is closed while the sentinels are asked for the
 * master ends, and a cluster client can stay in one state without a timer. So each connection is
 * checked twice a second, and reconnected if its client gave up.
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
      // A connection that a firewall has dropped shows only when a reply is due; `socketTimeout`
      // then replaces it.
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

/**
 * The states in which ioredis refuses to connect, because it believes that it is already
 * connecting.
 */
const CONNECTING = new Set<string>(['connecting', 'connect'])

function beginAgain(redis: RedisConnection): void {
  if (CONNECTING.has(redis.status)) redis.disconnect(true)
  else redis.connect().catch(() => {})
}
