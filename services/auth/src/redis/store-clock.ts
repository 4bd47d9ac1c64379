import { performance } from 'node:perf_hooks'

/**
 * The clock of the store that all instances share, as this process knows it from the store's answers. Instances whose own
 * clocks differ agree by it on what has expired.
 */
export type StoreClock = {
  /** Milliseconds since 1970; by this process's clock until the store has answered once. */
  now(): number
  /** Until when a call that is made now is waited for, in the store's milliseconds: late by a round trip at most. */
  deadline(): number
  /** This process's monotonic clock, in milliseconds. */
  elapsedMs(): number
  /** The store said that it is `storeMs`, in answer to a call that was made at `sentAtMs` of `elapsedMs`. */
  heard(storeMs: number, sentAtMs: number): void
  /** Whether the store has answered once. */
  readonly known: boolean
  /** How far this process's clock is ahead, in milliseconds; 0 until the store has answered once. */
  readonly aheadMs: number
}

type Monotonic = () => number

/**
 * @param waitMs how long a call is waited for
 * @param monotonic milliseconds since any moment, never set back
 */
export function storeClock(
  waitMs: number,
  monotonic: Monotonic = () => performance.now(),
  own: () => number = Date.now
): StoreClock {
  // The store's clock is ahead of the monotonic one by something between these two.
  let least = Number.NEGATIVE_INFINITY
  let most = Number.POSITIVE_INFINITY
  const known = () => most !== Number.POSITIVE_INFINITY
  const now = () => (known() ? Math.round(monotonic() + (least + most) / 2) : own())
  return {
    now,
    elapsedMs: monotonic,
    deadline: () => Math.ceil(monotonic() + most + waitMs),
    heard(storeMs, sentAtMs) {
      // The store counts whole milliseconds, cut off.
      const [low, high] = [storeMs - monotonic(), storeMs + 1 - sentAtMs]
      const agrees = low <= most && high >= least
      // One that has been set, or runs at another pace, is believed as it is now.
      least = agrees ? Math.max(least, low) : low
      most = agrees ? Math.min(most, high) : high
    },
    get known() {
      return known()
    },
    get aheadMs() {
      return own() - now()
    }
  }
}
