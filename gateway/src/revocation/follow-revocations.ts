import { setTimeout as sleep } from 'node:timers/promises'
import type {
  Cursor,
  LogEntry,
  RevocationSource,
  UnreadableEntry
} from '@gatehouse/revocation/revocation'
import { type RevokedTokens, revokedTokens } from './revoked-tokens.ts'

/** What is revoked, as far as this gateway has read the log, and how old that knowledge is. */
export type Revocations = Pick<RevokedTokens, 'why' | 'watch' | 'size' | 'unreadable'> & {
  /** whether the whole log has been read once, with no unreadable entry in it */
  readonly loaded: boolean
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
  source: RevocationSource
  /**
   * wall clock, in milliseconds since 1970: the time until which an entry counts is wall-clock time
   */
  clock: () => number
  /** in milliseconds, never set back: staleness is a duration */
  monotonicClock: () => number
  onFault: (error: unknown) => void
  /** called with each entry, after it has taken effect */
  onEntry?: (entry: LogEntry) => void
  /** called with the first unreadable entry, and again when there was none meanwhile */
  onUnreadable?: (entry: UnreadableEntry) => void
  /** the log has been read up to a heartbeat of this age, in milliseconds */
  onHeartbeat?: (ageMs: number) => void
}

const RETRY_MS = 100
const SWEEP_MS = 10_000
/** At the start of a process, its connection is not ready at once. */
const ATTEMPTS_BEFORE_THE_FIRST = 10

/**
 * Follows the revocation log from its beginning. After an interruption, it continues from where it
 * was, so an interruption delays an entry but loses none. Entries are forgotten when the tokens
 * that they revoke have expired, also if the wall clock is wrong for a while.
 */
export function followRevocations(options: FollowOptions): Revocations {
  const { source, clock, monotonicClock, onFault } = options
  const { onEntry = () => {}, onHeartbeat = () => {}, onUnreadable = () => {} } = options
  const revoked = revokedTokens({ clock, monotonicClock })
  const ended = new AbortController()
  let cursor: Cursor | null = null
  let loaded = false
  let failures = 0
  let heartbeatMs = Number.NEGATIVE_INFINITY

  const follow = async (): Promise<void> => {
    for await (const batch of source.follow(cursor, ended.signal)) {
      for (const entry of batch.entries) {
        if (entry.kind === 'unreadable' && revoked.unreadable === 0) onUnreadable(entry)
        revoked.apply(entry)
        onEntry(entry)
      }
      cursor = batch.cursor
      const complete = revoked.unreadable === 0
      loaded ||= batch.caughtUp && complete
      const { heartbeatAgeMs } = batch
      if (heartbeatAgeMs === null) continue
      failures = 0
      if (!complete) continue
      // Another server may be behind; a heartbeat that was read before still counts.
      heartbeatMs = Math.max(heartbeatMs, monotonicClock() - heartbeatAgeMs)
      onHeartbeat(heartbeatAgeMs)
    }
  }
  /** An outage is reported once, not at every attempt. */
  const lost = (error: unknown): void => {
    if (ended.signal.aborted) return
    failures += 1
    if (failures === (loaded ? 1 : ATTEMPTS_BEFORE_THE_FIRST)) onFault(error)
  }
  const followForEver = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await follow().catch(lost)
      await sleep(RETRY_MS, undefined, { signal: ended.signal }).catch(() => {})
    }
  }
  const sweep = setInterval(revoked.sweep, SWEEP_MS).unref()
  const following = followForEver()

  return {
    why: revoked.why,
    watch: revoked.watch,
    get loaded() {
      return loaded
    },
    get size() {
      return revoked.size
    },
    get unreadable() {
      return revoked.unreadable
    },
    get cursor() {
      return cursor ?? ''
    },
    stalenessSeconds: () => (monotonicClock() - heartbeatMs) / 1000,
    async close() {
      clearInterval(sweep)
      ended.abort()
      await following
    }
  }
}
