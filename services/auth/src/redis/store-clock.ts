import { performance } from 'node:perf_hooks'

/**
 * The clock of the store that all instances share, as this process knows it from the store's
 * answers. So instances whose own clocks differ agree on what has expired.
 */
export type StoreClock = {
  /** Milliseconds since 1970; from this process's clock until the store has answered once. */
  now(): number
  /**
   * The deadline of a call that is made now, in the store's milliseconds; at most one round trip
   * late.
   */
  deadline(): number
  /** This process's monotonic clock, in milliseconds. */
  elapsedMs(): number
  /** The store answered that its time is `storeMs`, to a call made at `sentAtMs` of `elapsedMs`. */
  heard(storeMs: number, sentAtMs: number): void
  /** Whether the store has answered once. */
  readonly known: boolean
  /**
   * How far this process's clock is ahead, in milliseconds; 0 until the store has answered once.
   */
  readonly aheadMs: number
  /** Returns a clock with the same time limit, for another server. */
  ofAnotherServer(): StoreClock
}

type Monotonic = () => number

/**
 * A process that finds a response after this time was stopped meanwhile. The response does not say
 * when it was written, and so not what time it is.
 */
const STOPPED_MS = 5000

/**
 * @param waitMs the time limit of a call
 * @param monotonic in milliseconds, never set back
 */
export function storeClock(
  waitMs: number,
  monotonic: Monotonic = () => performance.now(),
  own: () => number = Date.now
): StoreClock {
  // The difference between the store's clock and the monotonic one is between these two values.
  let least = Number.NEGATIVE_INFINITY
  let most = Number.POSITIVE_INFINITY
  const known = () => most !== Number.POSITIVE_INFINITY
  const now = () => (known() ? Math.round(monotonic() + (least + most) / 2) : own())
  return {
    now,
    elapsedMs: monotonic,
    deadline: () => Math.ceil(monotonic() + most + waitMs),
    heard(storeMs, sentAtMs) {
      if (monotonic() - sentAtMs > STOPPED_MS) return
      // The store's milliseconds are rounded down.
      const [low, high] = [storeMs - monotonic(), storeMs + 1 - sentAtMs]
      const agrees = low <= most && high >= least
      // If the clock was set or its speed has changed, the new value counts.
      least = agrees ? Math.max(least, low) : low
      most = agrees ? Math.min(most, high) : high
    },
    get known() {
      return known()
    },
    get aheadMs() {
      return own() - now()
    },
    ofAnotherServer: () => storeClock(waitMs, monotonic, own)
  }
}
