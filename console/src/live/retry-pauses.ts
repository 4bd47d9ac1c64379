/** unless the server asks for another pause */
const RETRY_MS = 2000
const LONGEST_RETRY_MS = 15_000

/** How long a client waits before it connects again. */
export type RetryPauses = {
  /** The server answers. It may have asked for another pause. */
  connected(retryMs: number | null): void
  /**
   * In milliseconds. Each pause without a connection in between is twice as long, up to a limit.
   */
  next(): number
}

export function retryPauses(): RetryPauses {
  let firstMs = RETRY_MS
  let nextMs = RETRY_MS
  return {
    connected(retryMs) {
      firstMs = retryMs ?? firstMs
      nextMs = firstMs
    },
    next() {
      const ms = nextMs
      nextMs = Math.min(2 * ms, Math.max(firstMs, LONGEST_RETRY_MS))
      return ms
    }
  }
}
