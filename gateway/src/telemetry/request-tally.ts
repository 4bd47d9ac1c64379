import type { Served } from './served.ts'

/** What operators see of the requests of this gateway, since its start. */
export type RequestCounts = {
  readonly requests: number
  /** responses that the gateway itself produced, with a status below 500 */
  readonly refusals: number
  /** responses with a status of 500 or more */
  readonly serverErrors: number
  /** 99 % of the requests of the last seconds took at most this long; null: there was none */
  readonly p99Seconds: number | null
}

export type RequestTally = {
  note(served: Served): void
  read(): RequestCounts
}

/** The upper ends of the buckets. A longer request counts as one of the last. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
/** The percentile is of the current window and the one before. */
const WINDOW_MS = 10_000

const empty = (): number[] => SECONDS.map(() => 0)

/** @param monotonicClock in milliseconds */
export function requestTally(monotonicClock: () => number): RequestTally {
  let [requests, refusals, serverErrors] = [0, 0, 0]
  let [before, current] = [empty(), empty()]
  let sinceMs = monotonicClock()
  const turn = (): void => {
    const passedMs = monotonicClock() - sinceMs
    if (passedMs < WINDOW_MS) return
    before = passedMs < 2 * WINDOW_MS ? current : empty()
    current = empty()
    sinceMs = monotonicClock()
  }
  return {
    note({ trail, status, seconds, code }) {
      requests += 1
      if (status !== null && status >= 500) serverErrors += 1
      else if (code !== null) refusals += 1
      // The duration of a WebSocket says nothing about the speed of requests.
      if (trail.isWebSocket) return
      turn()
      const found = SECONDS.findIndex((end) => seconds <= end)
      const bucket = found === -1 ? SECONDS.length - 1 : found
      current[bucket] = (current[bucket] ?? 0) + 1
    },
    read() {
      turn()
      const counts = current.map((count, bucket) => count + (before[bucket] ?? 0))
      return { requests, refusals, serverErrors, p99Seconds: p99Of(counts) }
    }
  }
}

function p99Of(counts: readonly number[]): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0)
  let upTo = 0
  for (const [bucket, count] of counts.entries()) {
    upTo += count
    if (all > 0 && upTo >= 0.99 * all) return SECONDS[bucket] ?? null
  }
  return null
}
