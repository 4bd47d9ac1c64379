import { setTimeout as sleep } from 'node:timers/promises'
import type { Cursor, Revocation, RevocationSource } from '@gatehouse/revocation/revocation'
import type { VerifiedToken } from '../tokens/access-token-verifier.ts'

/** What is revoked, in memory. */
export type RevokedSessions = {
  /** whether the whole log has been read once */
  readonly loaded: boolean
  has(sid: string): boolean
  /** Calls once where this token is revoked from now on; what it gives back takes the watch away. */
  watch(token: VerifiedToken, onRevoked: (why: 'SESSION_ENDED') => void): () => void
  /** how long ago the log was last heard of, in seconds; infinite before the first time */
  stalenessSeconds(): number
  readonly size: number
  /** how far the log has been read; empty before it has been */
  readonly cursor: Cursor
  close(): Promise<void>
}

type FollowOptions = {
  source: RevocationSource
  clock: () => number
  onFault: (error: unknown) => void
}

const RETRY_MS = 100
const SWEEP_MS = 10_000

/**
 * Follows the log of revocations from its beginning, and again from where it was after every interruption: a lost event
 * costs a moment, never a hole. Entries are forgotten when the tokens they kill have expired.
 */
export function followRevocations({ source, clock, onFault }: FollowOptions): RevokedSessions {
  const untilBySid = new Map<string, number>()
  const watchers = new Map<string, Set<(why: 'SESSION_ENDED') => void>>()
  const ended = new AbortController()
  let cursor: Cursor | null = null
  let loaded = false
  let inTouch = true
  let heardAtMs = Number.NEGATIVE_INFINITY

  const apply = ({ kind, id, until }: Revocation) => {
    if (kind !== 'session') return
    untilBySid.set(id, Math.max(until, untilBySid.get(id) ?? 0))
    for (const tell of watchers.get(id) ?? []) tell('SESSION_ENDED')
  }
  const follow = async (): Promise<void> => {
    for await (const batch of source.follow(cursor, ended.signal)) {
      for (const entry of batch.entries) apply(entry)
      cursor = batch.cursor
      if (!batch.caughtUp) continue
      loaded = true
      inTouch = true
      heardAtMs = clock()
    }
  }
  /** An outage is told of once, not at every attempt to end it. */
  const lost = (error: unknown): void => {
    if (inTouch && !ended.signal.aborted) onFault(error)
    inTouch = false
  }
  const followForEver = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await follow().catch(lost)
      await sleep(RETRY_MS, undefined, { signal: ended.signal }).catch(() => {})
    }
  }
  const sweep = setInterval(() => {
    const now = clock() / 1000
    for (const [sid, until] of untilBySid) if (until < now) untilBySid.delete(sid)
  }, SWEEP_MS).unref()
  const following = followForEver()

  return {
    get loaded() {
      return loaded
    },
    watch({ identity }, onRevoked) {
      const sid = identity.session
      if (sid === null) return () => {}
      const those = watchers.get(sid) ?? new Set()
      watchers.set(sid, those.add(onRevoked))
      return () => {
        those.delete(onRevoked)
        if (those.size === 0) watchers.delete(sid)
      }
    },
    has: (sid) => untilBySid.has(sid),
    stalenessSeconds: () => (clock() - heardAtMs) / 1000,
    get size() {
      return untilBySid.size
    },
    get cursor() {
      return cursor ?? ''
    },
    async close() {
      clearInterval(sweep)
      ended.abort()
      await following
    }
  }
}
