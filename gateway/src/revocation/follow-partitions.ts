import type { RevocationSource } from '@gatehouse/revocation/revocation'
import { followLog, type LogOptions, type Progress, unread } from './follow-log.ts'
import type { RevokedTokens } from './revoked-tokens.ts'

/** The common revocation log and those of the partitions, followed together. */
export type FollowedLogs = {
  /** of the common log */
  readonly common: Progress
  /** Whether each log has been read once, with a heartbeat. */
  isLoaded(): boolean
  /**
   * The time of the last heartbeat that was read; if there are several logs, of the log that is
   * furthest behind. By the monotonic clock, in milliseconds.
   */
  oldestHeartbeatMs(): number
  close(): Promise<void>
}

type State = {
  readonly common: Progress
  /** null: the common log has not said how many there are, or there are no partitions */
  partitions: {
    readonly count: number
    readonly logs: readonly Progress[]
    /** the heartbeat that each log began with: none was read in it yet */
    readonly sinceMs: number
    readonly stop: AbortController
  } | null
  /** the largest number of partitions whose logs each had a heartbeat */
  confirmed: number
  loaded: boolean
  /** the log whose outage was reported last: a node that is down stops several logs */
  reported: Progress | null
  /** whether the common log says that there are fewer partitions than it said before */
  isFewer: boolean
  readonly running: Promise<void>[]
}

/**
 * Follows the log of each partition as soon as the common log says how many there are. An outage of
 * one node of a cluster stops only the logs of its partitions.
 */
export function followPartitions(
  source: RevocationSource,
  revoked: RevokedTokens,
  options: Omit<LogOptions, 'onPartitions'>
): FollowedLogs {
  const { onHeartbeat: _, ...ofPartition } = options
  const { onFault } = options
  const ended = new AbortController()
  const state: State = {
    common: unread(),
    partitions: null,
    loaded: false,
    reported: null,
    isFewer: false,
    confirmed: 1,
    running: []
  }
  const follow = (
    from: RevocationSource,
    progress: Progress,
    own: LogOptions,
    until: AbortSignal
  ) =>
    state.running.push(
      followLog(
        { source: from, progress, revoked },
        { ...own, onFault: reportOnce(state, progress, options) },
        until
      )
    )
  const onPartitions = (count: number): boolean => {
    noteConfirmed(state)
    if (count < state.confirmed) {
      if (!state.isFewer) onFault(new Error(fewer(state.confirmed, count)))
      state.isFewer = true
      return false
    }
    state.isFewer = false
    if (count === (state.partitions?.count ?? 1)) return true
    const sources = source.partitionLogs?.(count) ?? []
    const { logs, stop } = replacePartitions(state, count, sources.length)
    const until = AbortSignal.any([ended.signal, stop.signal])
    for (const [at, progress] of logs.entries()) {
      const log = sources[at]
      // Heartbeats of the common log confirm the signing keys, whose revocations are there.
      if (log !== undefined) follow(log, progress, ofPartition, until)
    }
    return true
  }
  follow(source, state.common, { ...options, onPartitions }, ended.signal)
  return {
    common: state.common,
    isLoaded: () => isLoaded(state),
    oldestHeartbeatMs: () => oldestHeartbeatMs(state),
    async close() {
      ended.abort()
      await Promise.all(state.running)
    }
  }
}

/** A number that somebody has only written into the common log is not confirmed. */
function noteConfirmed(state: State): void {
  const { partitions } = state
  if (partitions === null) return
  const { count, logs, sinceMs } = partitions
  const isHeard = logs.every(({ heartbeatMs }) => heartbeatMs > sinceMs)
  if (isHeard) state.confirmed = Math.max(state.confirmed, count)
}

/**
 * The number never decreases. An auth service that says so does not know the installation: others
 * may still write ends into the logs that it does not have.
 */
const fewer = (before: number, count: number): string =>
  `an auth service says that the sessions are in ${count} partitions, but they are in ${before}`

function replacePartitions(state: State, count: number, size: number) {
  // Until the previous heartbeat, all ends were in the logs that this gateway has followed.
  const before = isLoaded(state)
    ? { caughtUp: true, heartbeatMs: oldestHeartbeatMs(state) }
    : undefined
  state.partitions?.stop.abort()
  const logs = Array.from({ length: size }, () => ({ ...unread(), ...before }))
  const { heartbeatMs: sinceMs } = { ...unread(), ...before }
  state.partitions = { count, logs, sinceMs, stop: new AbortController() }
  return state.partitions
}

function isLoaded(state: State): boolean {
  const { common, partitions } = state
  // Without a heartbeat, this may be a log into which no auth service writes.
  state.loaded ||=
    Number.isFinite(oldestHeartbeatMs(state)) &&
    [common, ...(partitions?.logs ?? [])].every(({ caughtUp }) => caughtUp)
  return state.loaded
}

function oldestHeartbeatMs({ common, partitions }: State): number {
  let oldest = common.heartbeatMs
  for (const { heartbeatMs } of partitions?.logs ?? []) oldest = Math.min(oldest, heartbeatMs)
  return oldest
}

const reportOnce =
  (state: State, log: Progress, { onFault }: Pick<LogOptions, 'onFault'>) =>
  (error: unknown): void => {
    const { reported } = state
    if (reported !== null && reported !== log && reported.failures > 0) return
    state.reported = log
    onFault(error)
  }
