import { setTimeout as sleep } from 'node:timers/promises'
import type {
  Cursor,
  LogEntry,
  RevocationBatch,
  RevocationSource,
  UnreadableEntry
} from '@gatehouse/revocation/revocation'
import { type RevokedTokens, revokedTokens } from './revoked-tokens.ts'

/** What is revoked, as far as this gateway has read the log, and how old that knowledge is. */
export type Revocations = Pick<RevokedTokens, 'why' | 'watch' | 'size' | 'unreadable'> & {
  /** whether the whole log has been read once, with a heartbeat and no unreadable entry in it */
  readonly loaded: boolean
  /** Whether this gateway may accept tokens: the log is loaded, and `acceptOnlyIf` agrees. */
  readonly mayAcceptTokens: boolean
  /** Sets another condition for accepting tokens. */
  acceptOnlyIf(condition: () => boolean): void
  /**
   * Age of the last heartbeat that was read from the log, in seconds; infinite before the first
   * one. While the log has an unreadable entry, no further heartbeat counts: this gateway does not
   * know what is revoked.
   */
  stalenessSeconds(): number
  /** how far the log has been read; empty before the first read */
  readonly cursor: Cursor
  close(): Promise<void>
}

type FollowOptions = {
  readonly source: RevocationSource
  /**
   * wall clock, in milliseconds since 1970: the time until which an entry counts is wall-clock time
   */
  readonly clock: () => number
  /** in milliseconds, never set back: staleness is a duration */
  readonly monotonicClock: () => number
  readonly onFault: (error: unknown) => void
  /** called with each entry, after it has taken effect */
  readonly onEntry?: (entry: LogEntry) => void
  /** called with the first unreadable entry, and with the next first one after all were readable */
  readonly onUnreadable?: (entry: UnreadableEntry) => void
  /** the log has been read up to a heartbeat of this age, in milliseconds */
  readonly onHeartbeat?: (ageMs: number) => void
}

const RETRY_MS = 100
const SWEEP_MS = 10_000
/** Failed reads at the start that are not reported: the connection may not be ready yet. */
const STARTUP_ATTEMPTS = 10

/** How far the log has been read, and when. */
type Progress = {
  /** null: never */
  cursor: Cursor | null
  /** whether the whole log has been read once, with no unreadable entry in it */
  caughtUp: boolean
  /** how many attempts in a row have failed */
  failures: number
  /** when the last heartbeat was written, by the monotonic clock */
  heartbeatMs: number
}

/**
 * Follows the revocation log from its beginning. After an interruption, it reads the last minute
 * again and continues from there, so an interruption delays an entry but loses none. Entries are
 * forgotten when the tokens that they revoke have expired, even if the wall clock is wrong for a
 * while.
 */
export function followRevocations(options: FollowOptions): Revocations {
  const { clock, monotonicClock } = options
  const revoked = revokedTokens({ clock, monotonicClock })
  const progress: Progress = {
    cursor: null,
    caughtUp: false,
    failures: 0,
    heartbeatMs: Number.NEGATIVE_INFINITY
  }
  const ended = new AbortController()
  let mayAccept = () => true
  // Without a heartbeat, this may be a log into which no auth service writes.
  const isHeard = () => Number.isFinite(progress.heartbeatMs)
  const isLoaded = () => progress.caughtUp && isHeard()
  const sweep = setInterval(revoked.sweep, SWEEP_MS).unref()
  const following = followUntil(ended.signal, progress, revoked, options)
  return {
    why: revoked.why,
    watch: revoked.watch,
    get loaded() {
      return isLoaded()
    },
    get mayAcceptTokens() {
      return isLoaded() && mayAccept()
    },
    acceptOnlyIf(condition) {
      mayAccept = condition
    },
    get size() {
      return revoked.size
    },
    get unreadable() {
      return revoked.unreadable
    },
    get cursor() {
      return progress.cursor ?? ''
    },
    stalenessSeconds: () => (monotonicClock() - progress.heartbeatMs) / 1000,
    async close() {
      clearInterval(sweep)
      ended.abort()
      await following
    }
  }
}

/** An outage is reported once, not at every attempt. */
async function followUntil(
  ended: AbortSignal,
  progress: Progress,
  revoked: RevokedTokens,
  options: FollowOptions
): Promise<void> {
  while (!ended.aborted) {
    try {
      for await (const batch of options.source.follow(progress.cursor, ended)) {
        take(batch, progress, revoked, options)
      }
    } catch (error) {
      if (ended.aborted) return
      progress.failures += 1
      const reported = progress.caughtUp ? 1 : STARTUP_ATTEMPTS
      if (progress.failures === reported) options.onFault(error)
    }
    await sleep(RETRY_MS, undefined, { signal: ended }).catch(() => {})
  }
}

/** Applies the next entries of the log, and notes how far it has been read. */
function take(
  { entries, cursor, caughtUp, heartbeatAgeMs }: RevocationBatch,
  progress: Progress,
  revoked: RevokedTokens,
  { monotonicClock, onEntry, onHeartbeat, onUnreadable }: FollowOptions
): void {
  for (const entry of entries) {
    if (entry.kind === 'unreadable' && revoked.unreadable === 0) onUnreadable?.(entry)
    revoked.apply(entry)
    onEntry?.(entry)
  }
  progress.cursor = cursor
  const isComplete = revoked.unreadable === 0
  progress.caughtUp ||= caughtUp && isComplete
  if (heartbeatAgeMs === null) return
  progress.failures = 0
  if (!isComplete) return
  // Another server may be behind; a heartbeat that was read before still counts.
  progress.heartbeatMs = Math.max(progress.heartbeatMs, monotonicClock() - heartbeatAgeMs)
  onHeartbeat?.(heartbeatAgeMs)
}
