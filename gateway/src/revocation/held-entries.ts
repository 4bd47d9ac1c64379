import { EVERYTHING, type LogEntry } from '@gatehouse/revocation/revocation'
import { type CutOffs, NO_CUT_OFF } from '@gatehouse/revocation/why-revoked'

/** An entry that revokes something, and its kind: the id of a session is not the id of a user. */
type RevokingEntry = Exclude<LogEntry, { kind: 'key-set' }>
export type RevokedKind = RevokingEntry['kind']

/** What all entries about one id say together. */
type Held = {
  /** the strictest `until` of the entries, in seconds since 1970 */
  readonly until: number
  /** a time of the monotonic clock */
  readonly heldUntilMs: number
  /** in seconds since 1970, of the entries without a version */
  readonly before: number
  readonly version: number
  /** `before`, of the entries with a version */
  readonly beforeVersion: number
}
const NOTHING: Held = { until: 0, heldUntilMs: 0, before: 0, version: 0, beforeVersion: 0 }

/** by kind and id */
type HeldEntries = Readonly<Record<RevokedKind, Map<string, Held>>>

type Now = { readonly wallMs: number; readonly monotonicMs: number }

/** Twice as long as a token lives by default: an entry may arrive while the wall clock is wrong. */
const LEAST_HELD_MS = 600_000

export const noEntries = (): HeldEntries => ({
  session: new Map(),
  'session-tokens': new Map(),
  subject: new Map(),
  key: new Map(),
  [EVERYTHING]: new Map(),
  unreadable: new Map()
})

/** Entries may arrive twice and in any order: the strictest one counts. */
export function hold(held: HeldEntries, entry: RevokingEntry, { wallMs, monotonicMs }: Now): void {
  const { kind, id, until } = entry
  const before = 'before' in entry ? entry.before : 0
  const version = 'version' in entry ? entry.version : undefined
  const known = held[kind].get(id) ?? NOTHING
  const leftMs = Math.max(until * 1000 - wallMs, LEAST_HELD_MS)
  const hasVersion = version !== undefined
  held[kind].set(id, {
    until: Math.max(until, known.until),
    heldUntilMs: Math.max(monotonicMs + leftMs, known.heldUntilMs),
    before: hasVersion ? known.before : Math.max(before, known.before),
    version: Math.max(version ?? 0, known.version),
    beforeVersion: hasVersion ? Math.max(before, known.beforeVersion) : known.beforeVersion
  })
}

/**
 * Forgets entries that are over. A wall clock may jump ahead and be set right again. So two
 * conditions must hold: the wall clock is past the time of the entry, and by the monotonic clock,
 * as much time has passed as the entry had left when it arrived.
 */
export function forgetOver(entries: Map<string, Held>, { wallMs, monotonicMs }: Now): void {
  for (const [id, { until, heldUntilMs }] of entries) {
    if (until * 1000 < wallMs && heldUntilMs < monotonicMs) entries.delete(id)
  }
}

/** The entries, as the rule that revokes tokens asks for them. */
export const cutOffsOf = (held: HeldEntries): CutOffs => ({
  isKeyRevoked: (kid) => held.key.has(kid),
  hasSessionEnded: (sid) => held.session.has(sid),
  // The response that contained the token, or an earlier one, was sent again: see AnsweredAgain.
  sessionNotBefore: (sid) => held['session-tokens'].get(sid)?.before ?? 0,
  ofSubject: (id) => held.subject.get(id) ?? NO_CUT_OFF,
  allNotBefore: () => held[EVERYTHING].get(EVERYTHING)?.before ?? 0
})
