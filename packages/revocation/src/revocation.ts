import { type Static, Type } from 'typebox'

const seconds = Type.Integer({ minimum: 0 })
const id = Type.String({ minLength: 1, maxLength: 255 })
/** when the last token that it kills has expired by itself, in seconds since 1970; then it is forgotten */
const until = seconds

/** A session that has ended: its tokens are refused as SESSION_ENDED. */
export const SessionRevocation = Type.Object({ kind: Type.Literal('session'), id, until })

/**
 * A session whose last refresh was answered a second time, because the first answer seemed to be lost. Tokens with an `iat` before
 * `before` are refused as TOKEN_STALE: the holder of the first answer is not the client that asked again, or has the second answer as well.
 * The next refresh says the same of the tokens of the second answer.
 */
export const AnsweredAgain = Type.Object({
  kind: Type.Literal('session-tokens'),
  id,
  until,
  before: seconds
})

/**
 * A user or machine client (`sub`) whose rights have changed, or who is disabled. Tokens with a `rights_version` below `version` are
 * refused as TOKEN_STALE, and a refresh brings a newer one. A token that has none, or an entry of an earlier release, is
 * judged by its `iat` and `before`.
 */
export const SubjectRevocation = Type.Object({
  kind: Type.Literal('subject'),
  id,
  until,
  before: seconds,
  version: Type.Optional(Type.Integer({ minimum: 0 }))
})

/**
 * How long a key's revocation is remembered at the least, in seconds. Whoever has a leaked key makes new tokens as long as somebody
 * holds it for good: so nobody does who has heard neither of the log nor of the issuer for so long.
 */
export const KEY_MEMORY_SECONDS = 3600

/** A signing key that is not to be trusted any more, whatever key set still holds it. */
export const KeyRevocation = Type.Object({ kind: Type.Literal('key'), id, until })

/** Every token with an `iat` before `before`, whoever's it is. */
export const EverythingRevocation = Type.Object({
  kind: Type.Literal('everything'),
  id: Type.Literal('everything'),
  until,
  before: seconds
})

/** Not a revocation: the issuer's key set has become the one of this version, and is to be fetched now. */
export const KeySetChange = Type.Object({ kind: Type.Literal('key-set'), id, until })

/** An entry of the log of revocations: what no gateway may accept any more, and what it is to fetch. */
export const Revocation = Type.Union([
  SessionRevocation,
  AnsweredAgain,
  SubjectRevocation,
  KeyRevocation,
  EverythingRevocation,
  KeySetChange
])
export type Revocation = Static<typeof Revocation>

/** A place in the log of revocations: opaque, and handed back to go on from there. */
export type Cursor = string

export type RevocationBatch = {
  readonly entries: readonly Revocation[]
  readonly cursor: Cursor
  /** whether the log had no more than this just now */
  readonly caughtUp: boolean
  /**
   * How old the newest heartbeat in it is, in milliseconds: all that was revoked before then has been read. null: it has none that
   * is new.
   */
  readonly heartbeatAgeMs: number | null
}

/** The log of revocations, as one who must obey it sees it. */
export type RevocationSource = {
  /**
   * Everything after `cursor` (everything there is, for null), then what comes, as it comes. A batch without entries says that the
   * store answers. That is no word of those who revoke: the store may be one that they write to no longer. Their word is a
   * heartbeat. The iteration throws when the log is out of reach, or has no heartbeat for long; the follower calls again with the
   * last cursor that it got, and so misses nothing.
   */
  follow(cursor: Cursor | null, signal: AbortSignal): AsyncIterable<RevocationBatch>
}
