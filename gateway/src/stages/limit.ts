import { rateLimited } from '../refusals.ts'

/** Counts a request against its row: null within the limit, or the seconds to wait. */
export type Limiter = () => Promise<{ retryAfterSeconds: number } | null>

export async function limit(limiter: Limiter | null): Promise<void> {
  const over = await limiter?.()
  if (over) throw rateLimited(over.retryAfterSeconds)
}
