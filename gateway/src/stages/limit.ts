import { bodyTooLarge, rateLimited } from '../refusals.ts'
import type { Route } from '../routes/route.ts'

/** Counts a request against its row: null within the limits, or the seconds to wait. */
export type Limiter = () => Promise<{ retryAfterSeconds: number } | null>

/** What one request, and one caller, may ask for. A body without a length is counted while it is forwarded. */
export async function limit(
  route: Route,
  contentLength: string | undefined,
  limiter: Limiter | null
): Promise<void> {
  if (Number(contentLength ?? 0) > route.bodyLimitBytes) throw bodyTooLarge()
  if (limiter === null) return
  const over = await limiter()
  if (over) throw rateLimited(over.retryAfterSeconds)
}
