import type { RequestCounts } from './request-counts.ts'

/** Limits how many requests of one kind one network may make per minute. */
export type RequestLimit = {
  /**
   * Counts one request. Null within the limit, or the seconds to wait.
   * @param network as `Caller` has it
   * @throws Refusal UNAVAILABLE, when the store does not answer
   */
  take(network: string): Promise<number | null>
}

const MINUTE_MS = 60_000

/** Counts across all instances that share a Redis. */
export function requestLimit(options: {
  counts: RequestCounts
  /** makes a key from a network */
  digest: (text: string) => Buffer
  perMinute: number
  clock: () => number
  /** what is counted; each has counts of its own in one table */
  about?: string
}): RequestLimit {
  const { counts, digest, perMinute, clock, about = 'requests' } = options
  return {
    async take(network) {
      const nowMs = clock()
      const minute = Math.floor(nowMs / MINUTE_MS)
      const count = await counts.count(minute, digest(`${about}\0${network}`))
      return count <= perMinute ? null : Math.ceil(((minute + 1) * MINUTE_MS - nowMs) / 1000)
    }
  }
}
