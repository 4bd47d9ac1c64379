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
  /** milliseconds since 1970: when the current generation was made */
  readonly rotatedAtMs: number
  /** seconds: the end, if it is not used before */
  readonly idleExpiresAt: number
  /** seconds: the end, whatever happens */
  readonly expiresAt: number
  /** how often the previous token was answered with the current generation again */
  readonly replays: number
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
  readonly absoluteSeconds: number
  /** how long the previous token still answers; 0: never */
  readonly graceSeconds: number
  /** how often it may, for one generation */
  readonly replayCap: number
  /** live families a user; one more ends the oldest */
  readonly sessionsPerUser: number
}

/**
 * What became of a presented token.
 * - `rotated`: it was the current one, and the next generation is made
 * - `replayed`: it was the previous one, within grace (a racing tab, a retry after a lost answer): the same successor again
 * - `reused`: a spent token used again; the family is ended
 * - `healed`: newer than the record, so the store lost writes: we did make it, and go on from it
 * - `ended`: no such family, or one that is over
 */
export type Outcome = 'rotated' | 'replayed' | 'reused' | 'healed' | 'ended'

export type Step = {
  readonly outcome: Outcome
  /** the record to keep; null where there was none */
  readonly next: FamilyRecord | null
}

/** What a login begins with. */
export type Opening = Pick<FamilyRecord, 'clientId' | 'scope' | 'label'>

export function open(opening: Opening, nowMs: number, policy: FamilyPolicy): FamilyRecord {
  const now = Math.floor(nowMs / 1000)
  const expiresAt = now + policy.absoluteSeconds
  return {
    ...opening,
    generation: 0,
    openedAt: now,
    rotatedAtMs: nowMs,
    idleExpiresAt: Math.min(now + policy.idleSeconds, expiresAt),
    expiresAt,
    replays: 0,
    endedAt: 0
  }
}

export function isLive(record: FamilyRecord, nowMs: number): boolean {
  return record.endedAt === 0 && nowMs < Math.min(record.idleExpiresAt, record.expiresAt) * 1000
}

/**
 * A token of generation `presented`, whose MAC is good, meets the family's record.
 * Pure: the same four values always give the same step.
 */
export function present(
  record: FamilyRecord | null,
  presented: number,
  nowMs: number,
  policy: FamilyPolicy
): Step {
  if (record === null || !isLive(record, nowMs)) return { outcome: 'ended', next: record }
  const behind = record.generation - presented
  if (behind <= 0) {
    return {
      outcome: behind === 0 ? 'rotated' : 'healed',
      next: advance(record, presented + 1, nowMs, policy)
    }
  }
  if (behind === 1 && withinGrace(record, nowMs, policy)) {
    return { outcome: 'replayed', next: { ...record, replays: record.replays + 1 } }
  }
  return { outcome: 'reused', next: end(record, nowMs) }
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
  const idleExpiresAt = Math.floor(nowMs / 1000) + policy.idleSeconds
  return {
    ...record,
    generation,
    rotatedAtMs: nowMs,
    idleExpiresAt: Math.min(idleExpiresAt, record.expiresAt),
    replays: 0
  }
}

function withinGrace(record: FamilyRecord, nowMs: number, policy: FamilyPolicy): boolean {
  return (
    policy.graceSeconds > 0 &&
    nowMs - record.rotatedAtMs < policy.graceSeconds * 1000 &&
    record.replays < policy.replayCap
  )
}
