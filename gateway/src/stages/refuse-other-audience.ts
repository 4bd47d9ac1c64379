import { otherAudience } from '../refusals.ts'
import type { Route } from '../routes/entry/route.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'

/**
 * A token that a service got by exchange counts only on the routes of its audience (RFC 8693 §2.1).
 * No client can get one for the auth service.
 */
export function refuseOtherAudience(
  token: VerifiedToken | null,
  { audience }: Pick<Route, 'audience'>
): void {
  const { delegation = null } = token ?? {}
  if (delegation !== null && delegation.audience !== audience) throw otherAudience()
}
