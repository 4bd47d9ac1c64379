/**
 * The refresh-token family: a login opens one, each refresh makes its next generation (RFC 9700 §4.14.2).
 * This file is the state machine and nothing else; the embedded store runs it as it is, lua/present.lua says the same
 * for Redis, and a model-based test holds the two equal.
 */
export type FamilyRecord = {
  /** the generation whose token is the current one; a login makes 0 */
  readonly generation: number
  /** seconds since 1970 */
  readonly openedAt: number
  /** milliseconds since 1970: when the current generation was made, or answered again after grace */
  readonly rotatedAtMs: number
  /** seconds: the end, if it is not used before */
  readonly idleExpiresAt: number
  /** seconds: the end, whatever happens */
  readonly expiresAt: number
  /** how often the previous token was answered with the current generation again */
  readonly replays: number
  /** whether a token of the current generation was seen in use, so that its answer has arrived */
  readonly seen: boolean
  /**
   * the least `iat` (s) of its access tokens; 0 where all are good. An answer that was given again makes the tokens of the first
   * one stale, and the next rotation makes those of the second one stale: a thief would use them beside the owner's
   */
  readonly tokensNotBefore: number
  /** seconds: when it was ended on purpose; 0 while it lives. An ended family stays as a tombstone until `expiresAt` */
  readonly endedAt: number
  /** the OAuth client; empty: this API's own */
  readonly clientId: string
  /** the scope that was asked for, space-separated; empty: all that the account has */
  readonly scope: string
  /** what the user reads in the list of sessions */
  readonly label: string
}

export type FamilyPolicy = {
  readonly idleSeconds: number
  /** how long the previous token still answers; 0: never */
  readonly graceSeconds: number
  /** how often it may, for one generation */
  readonly replayCap: number
  /** how long after the last answer the previous token still answers, while nothing of its successor was seen; 0: never */
  readonly recoverySeconds: number
  /** live families a user; one more ends the oldest */
  readonly sessionsPerUser: number
}

/**
 * What became of a presented token.
 * - `rotated`: it was the current one, and the next generation is made
 * - `replayed`: it was the previous one, within grace (a racing tab, a retry after a lost answer): the same successor again
 * - `recovered`: it was the previous one, grace is over, and no token of its successor was ever seen: the answer was lost, and
 *   the client asks late. The same successor again; the access tokens of the first answer are stale, and grace begins anew
 * - `reused`: a spent token used again; the family is ended
 * - `healed`: newer than the record, so the store lost writes: we did make it, and go on from it
 * - `restored`: the store lost the family, and the database says that it was opened and has not ended: it goes on from here
 * - `ended`: no such family, or one that is over
 */
export type Outcome =
  | 'rotated'
  | 'replayed'
  | 'recovered'
  | 'reused'
  | 'healed'
  | 'restored'
  | 'ended'

export type Step = {
  readonly outcome: Outcome
  /** the record to keep; null where there was none */
  readonly next: FamilyRecord | null
}

/** What a login begins with. */
export type Opening = Pick<FamilyRecord, 'clientId' | 'scope' | 'label'>

/** What never changes of a family: the database keeps it, and a family that the store lost is made from it again. */
export type Opened = Opening & Pick<FamilyRecord, 'openedAt' | 'expiresAt'>

export function open(
  opened: Opened,
  nowMs: number,
  policy: Pick<FamilyPolicy, 'idleSeconds'>
): FamilyRecord {
  const { clientId, scope, label, openedAt, expiresAt } = opened
  return {
    generation: 0,
    openedAt,
    rotatedAtMs: nowMs,
    idleExpiresAt: Math.min(Math.floor(nowMs / 1000) + policy.idleSeconds, expiresAt),
    expiresAt,
    replays: 0,
    seen: false,
    tokensNotBefore: 0,
    endedAt: 0,
    clientId,
    scope,
    label
  }
}

export function isLive(record: FamilyRecord, nowMs: number): boolean {
  return !isOver(record, nowMs) && nowMs < record.idleExpiresAt * 1000
}

/** Whether it has ended or expired for good; one that was only idle for too long is not. */
function isOver({ endedAt, expiresAt }: FamilyRecord, nowMs: number): boolean {
  return endedAt !== 0 || nowMs >= expiresAt * 1000
}

/** The database hears that a session is used so many times in its idle lifetime. */
const TOUCHES = 10

/** By how many seconds, at most, the database learns late that a session is used. */
export const lateSeconds = (idleSeconds: number): number => Math.ceil(idleSeconds / TOUCHES)

/** Whether the store must not forget it yet: one that was only idle would pass for one that the store has lost. */
export function isRestorable(record: FamilyRecord, nowMs: number, policy: FamilyPolicy): boolean {
  const untilSeconds = record.idleExpiresAt + lateSeconds(policy.idleSeconds)
  return record.endedAt === 0 && nowMs < untilSeconds * 1000
}

/**
 * A token of generation `presented`, whose MAC is good, meets the family's record.
 * Pure: the same five values always give the same step.
 * @param opened the family as the database knows it, where it was opened and has not ended; null otherwise
 */
export function present(
  record: FamilyRecord | null,
  presented: number,
  nowMs: number,
  policy: FamilyPolicy,
  opened: Opened | null
): Step {
  if (record === null) {
    if (opened === null || nowMs >= opened.expiresAt * 1000) return { outcome: 'ended', next: null }
    const lost = open(opened, nowMs, policy)
    return { outcome: 'restored', next: advance(lost, presented + 1, nowMs, policy) }
  }
  const behind = record.generation - presented
  // A newer token than the record was used since: the store has lost that use, and the database knows that it was not long ago.
  const hasLostUse = behind < 0 && opened !== null && !isOver(record, nowMs)
  if (!isLive(record, nowMs) && !hasLostUse) return { outcome: 'ended', next: record }
  if (behind <= 0) {
    return {
      outcome: behind === 0 ? 'rotated' : 'healed',
      next: advance(record, presented + 1, nowMs, policy)
    }
  }
  if (behind === 1 && withinGrace(record, nowMs, policy)) {
    return { outcome: 'replayed', next: { ...record, replays: record.replays + 1 } }
  }
  if (behind === 1 && !record.seen && withinRecovery(record, nowMs, policy)) {
    return { outcome: 'recovered', next: answerAgain(record, nowMs) }
  }
  return { outcome: 'reused', next: end(record, nowMs) }
}

/** `iat` counts whole seconds of a clock that is the store's but for a round trip; the new answer's tokens stay good. */
const STALE_BEFORE_SECONDS = 1

function answerAgain(record: FamilyRecord, nowMs: number): FamilyRecord {
  const tokensNotBefore = Math.floor(nowMs / 1000) - STALE_BEFORE_SECONDS
  return { ...record, rotatedAtMs: nowMs, replays: 0, tokensNotBefore }
}

/** Whether it was answered again after grace. Earlier versions write no more than these two; one that only looks so loses little. */
function wasAnsweredAgain({ rotatedAtMs, tokensNotBefore }: FamilyRecord): boolean {
  return tokensNotBefore === Math.floor(rotatedAtMs / 1000) - STALE_BEFORE_SECONDS
}

/** A token of this generation was used: its holder has the answer that it came in. */
export function see(record: FamilyRecord, generation: number): FamilyRecord {
  return generation < record.generation ? record : { ...record, seen: true }
}

/** How far back a token is that was used again, and how long after its successor was made. */
export function reuse(record: FamilyRecord, presented: number, nowMs: number) {
  return {
    generationsBehind: record.generation - presented,
    secondsSinceRotation: Math.floor((nowMs - record.rotatedAtMs) / 1000)
  }
}

export function end(record: FamilyRecord, nowMs: number): FamilyRecord {
  return { ...record, endedAt: Math.floor(nowMs / 1000) }
}

function advance(
  record: FamilyRecord,
  generation: number,
  nowMs: number,
  policy: FamilyPolicy
): FamilyRecord {
  const now = Math.floor(nowMs / 1000)
  return {
    ...record,
    generation,
    rotatedAtMs: nowMs,
    idleExpiresAt: Math.min(now + policy.idleSeconds, record.expiresAt),
    replays: 0,
    // The tokens of this generation are dated no earlier.
    tokensNotBefore: wasAnsweredAgain(record) ? now : record.tokensNotBefore,
    // Nothing reports the tokens of this one where recovery is off: it must not look unused when recovery is turned on.
    seen: policy.recoverySeconds === 0
  }
}

function withinGrace(record: FamilyRecord, nowMs: number, policy: FamilyPolicy): boolean {
  return (
    policy.graceSeconds > 0 &&
    nowMs - record.rotatedAtMs < policy.graceSeconds * 1000 &&
    record.replays < policy.replayCap
  )
}

function withinRecovery(record: FamilyRecord, nowMs: number, policy: FamilyPolicy): boolean {
  return nowMs - record.rotatedAtMs < policy.recoverySeconds * 1000
}
