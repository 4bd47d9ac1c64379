import { setTimeout as sleep } from 'node:timers/promises'
import type {
  Cursor,
  LogEntry,
  RevocationBatch,
  RevocationSource,
  UnreadableEntry
} from '@gatehouse/revocation/revocation'
import type { RevokedTokens } from './revoked-tokens.ts'

const RETRY_MS = 100
/** Failed reads at the start that are not reported: the connection may not be ready yet. */
const STARTUP_ATTEMPTS = 10

/** How far a log has been read, and when. */
export type Progress = {
  /** null: never */
  cursor: Cursor | null
  /** whether the whole log has been read once, with no unreadable entry in it */
  caughtUp: boolean
  /** how many attempts in a row have failed */
  failures: number
  /** when the last heartbeat was written, by the monotonic clock */
  heartbeatMs: number
}

/** A log that has not been read yet. */
export const unread = (): Progress => ({
  cursor: null,
  caughtUp: false,
  failures: 0,
  heartbeatMs: Number.NEGATIVE_INFINITY
})

export type LogOptions = {
  /** in milliseconds, never set back: staleness is a duration */
  readonly monotonicClock: () => number
  readonly onFault: (error: unknown) => void
  /** called with each entry, after it has taken effect */
  readonly onEntry?: (entry: LogEntry) => void
  /**
   * called with the first unreadable entry, and again with the first one after a time without any
   */
  readonly onUnreadable?: (entry: UnreadableEntry) => void
  /** the log has been read up to a heartbeat of this age, in milliseconds */
  readonly onHeartbeat?: (ageMs: number) => void
  /**
   * into how many partitions the sessions are divided; called before the heartbeat counts, which it
   * does not if the result is false
   */
  readonly onPartitions?: (partitions: number) => boolean
}

type Followed = {
  readonly source: RevocationSource
  readonly progress: Progress
  readonly revoked: RevokedTokens
}

/**
 * Follows one log until the signal is aborted. An outage is reported once, not at every attempt.
 */
export async function followLog(
  followed: Followed,
  options: LogOptions,
  ended: AbortSignal
): Promise<void> {
  const { source, progress } = followed
  while (!ended.aborted) {
    try {
      for await (const batch of source.follow(progress.cursor, ended)) {
        if (ended.aborted) return
        take(batch, followed, options)
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
  { entries, cursor, caughtUp, heartbeatAgeMs, partitions }: RevocationBatch,
  { progress, revoked }: Followed,
  { monotonicClock, onEntry, onHeartbeat, onPartitions, onUnreadable }: LogOptions
): void {
  for (const entry of entries) {
    if (entry.kind === 'unreadable' && revoked.unreadable === 0) onUnreadable?.(entry)
    revoked.apply(entry)
    onEntry?.(entry)
  }
  const isBelieved = partitions === undefined || onPartitions?.(partitions) !== false
  progress.cursor = cursor
  const isComplete = revoked.unreadable === 0
  progress.caughtUp ||= caughtUp && isComplete
  if (heartbeatAgeMs === null) return
  progress.failures = 0
  if (!isComplete || !isBelieved) return
  // Another server may be behind; a heartbeat that was read before still counts.
  progress.heartbeatMs = Math.max(progress.heartbeatMs, monotonicClock() - heartbeatAgeMs)
  onHeartbeat?.(heartbeatAgeMs)
}
