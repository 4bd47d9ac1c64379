import type { RequestCounts } from './counts/request-counts.ts'

/** Limits how many requests of one kind one network, or one account, may make per minute. */
export type RequestLimit = {
  /**
   * Counts one request. Null within the limit, or the seconds to wait.
   * @param whose a network as `Caller` has it, or the id of an account
   * @throws Refusal UNAVAILABLE, when the store does not answer
   */
  take(whose: string): Promise<number | null>
}

const MINUTE_MS = 60_000

/** Counts across all instances that share a Redis. */
export function requestLimit(options: {
  counts: RequestCounts
  /** makes the key of a request from its caller */
  digest: (text: string) => Buffer
  perMinute: number
  clock: () => number
  /** what is counted; each has counts of its own in one table */
  about?: string
}): RequestLimit {
  const { counts, digest, perMinute, clock, about = 'requests' } = options
  return {
    async take(whose) {
      const nowMs = clock()
      const minute = Math.floor(nowMs / MINUTE_MS)
      const count = await counts.count(minute, digest(`${about}\0${whose}`))
      return count <= perMinute ? null : Math.ceil(((minute + 1) * MINUTE_MS - nowMs) / 1000)
    }
  }
}
