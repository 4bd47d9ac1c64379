import { bodyTooLarge } from '../refusals.ts'
import type { Route } from '../routes/entry/route.ts'

/**
 * Refuses a request whose announced body is larger than its route allows. A body without a length
 * is counted while it is forwarded.
 */
export function refuseLargeBody(
  { bodyLimitBytes }: Route,
  contentLength: string | undefined
): void {
  if (Number(contentLength ?? 0) > bodyLimitBytes) throw bodyTooLarge()
}
