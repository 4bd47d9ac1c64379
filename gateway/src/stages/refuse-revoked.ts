import type { Revocations } from '../revocation/follow-revocations.ts'
import { refusalIfRevoked } from '../revocation/revoked-refusal.ts'
import type { Route } from '../routes/entry/route.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'

/** Refuses a token that has been revoked, or may have been without the gateway's knowledge. */
export function refuseRevoked(
  token: VerifiedToken | null,
  { maxStalenessSeconds }: Pick<Route, 'maxStalenessSeconds'>,
  revoked: Revocations
): void {
  const refusal = token === null ? null : refusalIfRevoked(token, maxStalenessSeconds, revoked)
  if (refusal !== null) throw refusal
}
