/**
 * Why a valid token is refused: its session has ended, or a refresh returns another one, because
 * its claims may be outdated or a key is no longer trusted.
 */
export type WhyRevoked = 'SESSION_ENDED' | 'TOKEN_STALE'

/** What a revocation can concern of a token. */
export type RevocableToken = {
  readonly identity: { readonly subject: string; readonly session: string | null }
  /** the key that signed it; null if we cannot revoke it */
  readonly kid: string | null
  /** `iat`, in seconds since 1970; that of its subject token if it was exchanged */
  readonly issuedAt: number
  /** the version of its subject's rights; null if the token has none */
  readonly rightsVersion: number | null
  /** what else revokes an exchanged token; null for any other */
  readonly delegation: {
    readonly actors: readonly { readonly id: string; readonly rightsVersion: number }[]
    readonly keys: readonly string[]
  } | null
}

/** The tokens of a subject that are stale. Times are in seconds since 1970. */
export type SubjectCutOff = {
  /** tokens with an earlier `iat` */
  readonly before: number
  /** tokens with a lower version */
  readonly version: number
  /** tokens without a version and with an earlier `iat` */
  readonly beforeVersion: number
}

/** What is revoked, by what it concerns. */
export type CutOffs = {
  isKeyRevoked(kid: string): boolean
  hasSessionEnded(sid: string): boolean
  /** the session's tokens with an earlier `iat` (s) are stale */
  sessionNotBefore(sid: string): number
  ofSubject(id: string): SubjectCutOff
  /** tokens of any subject with an earlier `iat` (s) are stale */
  allNotBefore(): number
}

export const NO_CUT_OFF: SubjectCutOff = { before: 0, version: 0, beforeVersion: 0 }

/**
 * The only rule that decides whether a valid token is revoked: for requests, WebSockets,
 * assertions, introspection and token exchange. Pure.
 */
export function whyRevoked(token: RevocableToken, cutOffs: CutOffs): WhyRevoked | null {
  const { identity, kid, issuedAt, rightsVersion, delegation } = token
  const { subject, session } = identity
  if (kid !== null && cutOffs.isKeyRevoked(kid)) return 'TOKEN_STALE'
  if (session !== null && cutOffs.hasSessionEnded(session)) return 'SESSION_ENDED'
  if (issuedAt < cutOffs.allNotBefore()) return 'TOKEN_STALE'
  if (hasOldRights(cutOffs.ofSubject(subject), issuedAt, rightsVersion)) return 'TOKEN_STALE'
  if (session !== null && issuedAt < cutOffs.sessionNotBefore(session)) return 'TOKEN_STALE'
  if (delegation === null) return null
  const isOutdated =
    delegation.keys.some(cutOffs.isKeyRevoked) ||
    delegation.actors.some((actor) =>
      hasOldRights(cutOffs.ofSubject(actor.id), issuedAt, actor.rightsVersion)
    )
  return isOutdated ? 'TOKEN_STALE' : null
}

/**
 * The version, which grows with each change, decides, not a clock. The time counts only if one of
 * the two has no version.
 */
function hasOldRights(
  { before, version, beforeVersion }: SubjectCutOff,
  issuedAt: number,
  rightsVersion: number | null
): boolean {
  if (issuedAt < before) return true
  return rightsVersion === null ? issuedAt < beforeVersion : rightsVersion < version
}
