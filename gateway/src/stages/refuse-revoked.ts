import { notYet, sessionEnded } from '../refusals.ts'
import type { RevokedSessions } from '../revocation/revoked-sessions.ts'
import type { VerifiedToken } from '../tokens/access-token-verifier.ts'

/** A token that verifies may have been revoked since; the answer is in memory, so it costs no call. */
export function refuseRevoked(token: VerifiedToken | null, revoked: RevokedSessions): void {
  if (token === null) return
  // Until the log has been read once, nobody can be said not to be revoked.
  if (!revoked.loaded) throw notYet('the revocations are not loaded')
  const { session } = token.identity
  if (session !== null && revoked.has(session)) throw sessionEnded()
}
