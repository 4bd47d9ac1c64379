/**
 * Something that no gateway may accept any more. An entry lives as long as the access tokens that it kills: `until` is
 * when the last of them has expired by itself, in seconds since 1970.
 */
export type Revocation = {
  readonly kind: 'session'
  /** the session's public id: `sid` */
  readonly id: string
  readonly until: number
}

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
