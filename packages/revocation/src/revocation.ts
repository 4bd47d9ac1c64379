type Entry = {
  /** when the last token that it kills has expired by itself, in seconds since 1970; then it is forgotten */
  readonly until: number
}

/** A session that has ended: its tokens are refused as SESSION_ENDED. */
export type SessionRevocation = Entry & { readonly kind: 'session'; readonly id: string }

/**
 * A user or machine client whose rights have changed, or who may not come in any more: tokens with an `iat` before `before`
 * are refused as TOKEN_STALE, and what a refresh brings is newer.
 */
export type SubjectRevocation = Entry & {
  readonly kind: 'subject'
  /** `sub` */
  readonly id: string
  /** in seconds since 1970 */
  readonly before: number
}

/** A signing key that is not to be trusted any more, whatever key set still holds it. */
export type KeyRevocation = Entry & { readonly kind: 'key'; readonly id: string }

/** Every token with an `iat` before `before`, whoever's it is. */
export type EverythingRevocation = Entry & {
  readonly kind: 'everything'
  readonly id: 'everything'
  readonly before: number
}

/** Not a revocation: the issuer's key set has become another, and is to be fetched now. */
export type KeySetChange = Entry & { readonly kind: 'key-set'; readonly id: string }

/** An entry of the log of revocations: what no gateway may accept any more, and what it is to fetch. */
export type Revocation =
  | SessionRevocation
  | SubjectRevocation
  | KeyRevocation
  | EverythingRevocation
  | KeySetChange

/** A place in the log of revocations: opaque, and handed back to go on from there. */
export type Cursor = string

export type RevocationBatch = {
  readonly entries: readonly Revocation[]
  readonly cursor: Cursor
  /** whether the log had no more than this just now */
  readonly caughtUp: boolean
}

/** The log of revocations, as one who must obey it sees it. */
export type RevocationSource = {
  /**
   * Everything after `cursor` (everything there is, for null), then what comes, as it comes. A batch without entries
   * says "still in touch, nothing new". The iteration throws when the log is out of reach; the follower calls again
   * with the last cursor that it got, and so misses nothing.
   */
  follow(cursor: Cursor | null, signal: AbortSignal): AsyncIterable<RevocationBatch>
}
