import type { LogEntry } from '@gatehouse/revocation/revocation'
import {
  type CutOffs,
  NO_CUT_OFF,
  type WhyRevoked,
  whyRevoked
} from '@gatehouse/revocation/why-revoked'
import type { VerifiedToken } from '../tokens/verified-token.ts'

/** What is revoked, in memory: a few lookups per token, and no call. */
export type RevokedTokens = {
  apply(entry: LogEntry): void
  why(token: VerifiedToken): WhyRevoked | null
  /** Calls once if this token is revoked from now on. Returns a function that stops the watch. */
  watch(token: VerifiedToken, onRevoked: (why: WhyRevoked) => void): () => void
  /** Forgets entries that concern only expired tokens, by both clocks. */
  sweep(): void
  readonly size: number
  /** how many entries of the log this version cannot read, and that may concern a valid token */
  readonly unreadable: number
}

/**
 * `until` and `before` in seconds; `beforeVersion` is the `before` of entries with a version.
 * `heldUntilMs` is a time of the monotonic clock.
 */
type Held = {
  until: number
  heldUntilMs: number
  before: number
  version: number
  beforeVersion: number
}
const NOTHING: Held = { until: 0, heldUntilMs: 0, before: 0, version: 0, beforeVersion: 0 }
type Watcher = { readonly token: VerifiedToken; readonly tell: (why: WhyRevoked) => void }
/** by kind: the id of a session is not the id of a user */
type Kind = Exclude<LogEntry['kind'], 'key-set'>
const ALL = 'everything'

/** Twice as long as a token lives by default: an entry may arrive while the wall clock is wrong. */
const LEAST_HELD_MS = 600_000

type Clocks = {
  /** in milliseconds since 1970 */
  readonly clock: () => number
  /** in milliseconds, never set back and never ahead */
  readonly monotonicClock: () => number
}

/**
 * A wall clock may jump ahead and be set right again. So two conditions must hold before an entry
 * is forgotten: the wall clock is past its time, and by the monotonic clock, as much time has
 * passed as the entry had left when it arrived.
 */
export function revokedTokens({ clock, monotonicClock }: Clocks): RevokedTokens {
  const held: Record<Kind, Map<string, Held>> = {
    session: new Map(),
    'session-tokens': new Map(),
    subject: new Map(),
    key: new Map(),
    everything: new Map(),
    unreadable: new Map()
  }
  const watchers = new Map<string, Set<Watcher>>()

  const cutOffs: CutOffs = {
    isKeyRevoked: (kid) => held.key.has(kid),
    hasSessionEnded: (sid) => held.session.has(sid),
    // The response that contained the token, or an earlier one, was sent again: see AnsweredAgain.
    sessionNotBefore: (sid) => held['session-tokens'].get(sid)?.before ?? 0,
    ofSubject: (id) => held.subject.get(id) ?? NO_CUT_OFF,
    allNotBefore: () => held.everything.get(ALL)?.before ?? 0
  }
  const forgetOver = (entries: Map<string, Held>): void => {
    const [wallMs, heldMs] = [clock(), monotonicClock()]
    for (const [id, { until, heldUntilMs }] of entries) {
      if (until * 1000 < wallMs && heldUntilMs < heldMs) entries.delete(id)
    }
  }

  const why = (token: VerifiedToken): WhyRevoked | null => whyRevoked(token, cutOffs)

  return {
    why,
    apply(entry) {
      if (entry.kind === 'key-set') return
      const { kind, id, until } = entry
      const before = 'before' in entry ? entry.before : 0
      const version = 'version' in entry ? entry.version : undefined
      const known = held[kind].get(id) ?? NOTHING
      const leftMs = Math.max(until * 1000 - clock(), LEAST_HELD_MS)
      // Entries may arrive twice and in any order: the strictest one counts.
      held[kind].set(id, {
        until: Math.max(until, known.until),
        heldUntilMs: Math.max(monotonicClock() + leftMs, known.heldUntilMs),
        before: version === undefined ? Math.max(before, known.before) : known.before,
        version: Math.max(version ?? 0, known.version),
        beforeVersion:
          version === undefined ? known.beforeVersion : Math.max(before, known.beforeVersion)
      })
      for (const { token, tell } of watchers.get(nameOf(kind, id)) ?? []) {
        const reason = why(token)
        if (reason !== null) tell(reason)
      }
    },
    watch(token, tell) {
      const watcher: Watcher = { token, tell }
      const names = namesOf(token)
      for (const name of names) watchers.set(name, (watchers.get(name) ?? new Set()).add(watcher))
      return () => {
        for (const name of names) {
          const those = watchers.get(name)
          those?.delete(watcher)
          if (those?.size === 0) watchers.delete(name)
        }
      }
    },
    sweep() {
      for (const entries of Object.values(held)) forgetOver(entries)
    },
    get unreadable() {
      forgetOver(held.unreadable)
      return held.unreadable.size
    },
    get size() {
      return Object.values(held).reduce((sum, { size }) => sum + size, 0)
    }
  }
}

const nameOf = (kind: Kind, id: string) => `${kind} ${id}`

/** All ids under which an entry could concern this token. */
function namesOf({ identity, kid, delegation }: VerifiedToken): string[] {
  const { session, subject } = identity
  const names = [nameOf('subject', subject), nameOf(ALL, ALL)]
  if (kid !== null) names.push(nameOf('key', kid))
  if (session !== null) names.push(nameOf('session', session), nameOf('session-tokens', session))
  for (const { id } of delegation?.actors ?? []) names.push(nameOf('subject', id))
  for (const key of delegation?.keys ?? []) names.push(nameOf('key', key))
  return names
}
