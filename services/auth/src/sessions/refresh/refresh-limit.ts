import { LRUCache } from 'lru-cache'

/**
 * Counts refreshes per family. A limit per address would punish everyone behind one NAT, and
 * servers that render pages.
 */
export type RefreshLimit = {
  /** Counts one refresh. Null within the limit, or the seconds to wait. */
  take(sid: string): number | null
}

type RefreshLimitOptions = {
  /** the maximum number of refreshes per family and minute, at one instance */
  readonly perMinute: number
  readonly monotonicClock: () => number
}

const WINDOW_MS = 60_000
/** families that are counted at a time; the least recently used are forgotten first */
const MAX_FAMILIES = 100_000

type Window = { readonly endsAtMs: number; count: number }

/** In memory, so that a rotation needs only one round trip to the store. */
export function refreshLimit({ perMinute, monotonicClock }: RefreshLimitOptions): RefreshLimit {
  const windows = new LRUCache<string, Window>({
    // Each entry counts as one. With `max`, the cache would allocate memory for all of them at
    // once.
    maxSize: MAX_FAMILIES,
    sizeCalculation: () => 1
  })
  return {
    take(sid) {
      const nowMs = monotonicClock()
      let window = windows.get(sid)
      if (window === undefined || nowMs >= window.endsAtMs) {
        window = { endsAtMs: nowMs + WINDOW_MS, count: 0 }
        windows.set(sid, window)
      }
      window.count += 1
      return window.count <= perMinute ? null : Math.ceil((window.endsAtMs - nowMs) / 1000)
    }
  }
}
