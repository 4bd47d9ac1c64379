import type { Cursor, RevocationSource } from '@gatehouse/revocation/revocation'
import type { LogOptions } from './follow-log.ts'
import { followPartitions } from './follow-partitions.ts'
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
   * one. Of the logs of several partitions, the one with the oldest counts. While a log has an
   * unreadable entry, no further heartbeat counts: this gateway does not know what is revoked.
   */
  stalenessSeconds(): number
  /** how far the common log has been read; empty before the first read */
  readonly cursor: Cursor
  close(): Promise<void>
}

type FollowOptions = Omit<LogOptions, 'onPartitions'> & {
  readonly source: RevocationSource
  /**
   * wall clock, in milliseconds since 1970: the time until which an entry counts is wall-clock time
   */
  readonly clock: () => number
}

const SWEEP_MS = 10_000

/**
 * Follows the revocation log from its beginning. After an interruption, it reads the last minute
 * again and continues from there, so an interruption delays an entry but loses none. Entries are
 * forgotten when the tokens that they revoke have expired, even if the wall clock is wrong for a
 * while.
 */
export function followRevocations(options: FollowOptions): Revocations {
  const { clock, monotonicClock } = options
  const revoked = revokedTokens({ clock, monotonicClock })
  const logs = followPartitions(options.source, revoked, options)
  let mayAccept = () => true
  const sweep = setInterval(revoked.sweep, SWEEP_MS).unref()
  return {
    why: revoked.why,
    watch: revoked.watch,
    get loaded() {
      return logs.isLoaded()
    },
    get mayAcceptTokens() {
      return logs.isLoaded() && mayAccept()
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
      return logs.common.cursor ?? ''
    },
    stalenessSeconds: () => (monotonicClock() - logs.oldestHeartbeatMs()) / 1000,
    async close() {
      clearInterval(sweep)
      await logs.close()
    }
  }
}
