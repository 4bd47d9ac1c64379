import { type Static, Type } from 'typebox'

const seconds = Type.Integer({ minimum: 0 })
const id = Type.String({ minLength: 1, maxLength: 255 })
/**
 * when the last revoked token has expired by itself, in seconds since 1970; then the entry is
 * forgotten
 */
const until = seconds

/** A session that has ended: its tokens are refused as SESSION_ENDED. */
const SessionRevocation = Type.Object({ kind: Type.Literal('session'), id, until })

/**
 * A session whose last refresh was answered a second time, because the first response seemed to be
 * lost. Tokens with an `iat` before `before` are refused as TOKEN_STALE: the client that has the
 * first response either did not ask again, or also has the second response. The next refresh writes
 * the same entry for the tokens of the second response.
 */
const AnsweredAgain = Type.Object({
  kind: Type.Literal('session-tokens'),
  id,
  until,
  before: seconds
})

/**
 * A user or machine client (`sub`) whose rights have changed, or who is disabled. Tokens with a
 * `rights_version` below `version` are refused as TOKEN_STALE, and a refresh returns a newer one.
 * For a token without a version, or an entry of an earlier release, `iat` and `before` decide.
 */
const SubjectRevocation = Type.Object({
  kind: Type.Literal('subject'),
  id,
  until,
  before: seconds,
  version: Type.Optional(Type.Integer({ minimum: 0 }))
})

/**
 * The minimum time for which a key's revocation is remembered, in seconds. A thief with a leaked
 * key can make tokens as long as a gateway trusts the key. So no gateway trusts a key set if it has
 * had no contact with the log or the issuer for this long.
 */
export const KEY_MEMORY_SECONDS = 3600

/** A signing key that is no longer trusted, whatever key set still contains it. */
const KeyRevocation = Type.Object({ kind: Type.Literal('key'), id, until })

/** The kind and the id of an entry that concerns every token. */
export const EVERYTHING = 'everything'

/** Every token with an `iat` before `before`, of any subject. */
const EverythingRevocation = Type.Object({
  kind: Type.Literal(EVERYTHING),
  id: Type.Literal(EVERYTHING),
  until,
  before: seconds
})

/** Not a revocation: the issuer's key set now has this version, and must be fetched. */
const KeySetChange = Type.Object({ kind: Type.Literal('key-set'), id, until })

/**
 * An entry of the revocation log: what gateways must refuse from now on, or what they must fetch.
 */
export const Revocation = Type.Union([
  SessionRevocation,
  AnsweredAgain,
  SubjectRevocation,
  KeyRevocation,
  EverythingRevocation,
  KeySetChange
])
export type Revocation = Static<typeof Revocation>

/**
 * An entry that this version cannot read, because a newer version wrote it. It may concern any
 * token.
 */
export type UnreadableEntry = {
  readonly kind: 'unreadable'
  /** its position in the log */
  readonly id: string
  readonly until: number
  /** the kind that it has in the log */
  readonly writtenKind: string
}

export type LogEntry = Revocation | UnreadableEntry

/** A position in the revocation log: opaque, and passed back to continue from there. */
export type Cursor = string

export type RevocationBatch = {
  readonly entries: readonly LogEntry[]
  readonly cursor: Cursor
  /** whether the log contained no further entries at this moment */
  readonly caughtUp: boolean
  /**
   * The age of the newest heartbeat in the batch, in milliseconds: everything that was revoked
   * before it has been read. null: there is no new one.
   */
  readonly heartbeatAgeMs: number | null
  /**
   * Into how many partitions the sessions are divided, according to the newest heartbeat in the
   * batch. Each partition then has a log of its own besides this one. Absent: no heartbeat says so.
   */
  readonly partitions?: number
}

/** The revocation log, as its followers see it. */
export type RevocationSource = {
  /**
   * Returns everything after `cursor` (for null, everything), and then new entries as they arrive.
   * A batch without entries shows that the store answers. That does not mean that the writers of
   * revocations reach this store; only a heartbeat shows that. The iteration throws if the log is
   * unreachable, or has no heartbeat for long. The follower then calls again with its last cursor,
   * and so misses nothing.
   */
  follow(cursor: Cursor | null, signal: AbortSignal): AsyncIterable<RevocationBatch>
  /**
   * The logs of the partitions, besides this one, if there are so many partitions. Absent: there
   * are never any.
   */
  partitionLogs?(partitions: number): readonly RevocationSource[]
}
