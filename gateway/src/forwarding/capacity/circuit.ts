/** Whether requests are sent to an endpoint. */
export type Circuit = {
  /** whether it is healthy, and is not avoided after failures */
  isAvailable(): boolean
  /** the result of the last health check */
  isHealthy(): boolean
  setHealthy(healthy: boolean): void
  /** The endpoint was unreachable or broke off: requests avoid it for a while. */
  failed(): void
  answered(): void
}

const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

/**
 * An endpoint that fails is avoided for a time that doubles with each failure. Requests that were
 * in flight when it failed are part of the same failure.
 * @param monotonicClock in milliseconds
 */
export function circuit(monotonicClock: () => number): Circuit {
  let isHealthy = true
  let failures = 0
  let avoidedUntilMs = Number.NEGATIVE_INFINITY
  return {
    isAvailable: () => isHealthy && avoidedUntilMs <= monotonicClock(),
    isHealthy: () => isHealthy,
    setHealthy(healthy) {
      isHealthy = healthy
    },
    failed() {
      const nowMs = monotonicClock()
      if (avoidedUntilMs > nowMs) return
      avoidedUntilMs = nowMs + Math.min(SHORTEST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
      failures += 1
    },
    answered() {
      failures = 0
      avoidedUntilMs = Number.NEGATIVE_INFINITY
    }
  }
}
