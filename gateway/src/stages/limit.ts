import type { Limiter } from '../limits/route-limiters.ts'
import { rateLimited } from '../refusals.ts'

/** Limits one caller. */
export async function limit(limiter: Limiter): Promise<void> {
  const over = await limiter()
  if (over) throw rateLimited(over.retryAfterSeconds)
}
