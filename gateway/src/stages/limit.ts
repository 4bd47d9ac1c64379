import type { Limiter } from '../limits/route-limiters.ts'
import { bodyTooLarge, rateLimited } from '../refusals.ts'
import type { Route } from '../routes/route.ts'

/**
 * Refuses a request whose announced body is larger than its route allows. A body without a length
 * is counted while it is forwarded.
 */
export function refuseLarge({ bodyLimitBytes }: Route, contentLength: string | undefined): void {
  if (Number(contentLength ?? 0) > bodyLimitBytes) throw bodyTooLarge()
}

/** Limits one caller. */
export async function limit(limiter: Limiter): Promise<void> {
  const over = await limiter()
  if (over) throw rateLimited(over.retryAfterSeconds)
}
