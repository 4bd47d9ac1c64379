import type { Outcome } from './outcome.ts'
import { afterFirstResponse, afterSecondResponse } from './repeated-responses.ts'

/**
 * The refresh-token family: a login opens one, and each refresh makes its next generation (RFC 9700
 * §4.14.2). This file contains only the state machine. The embedded store runs it, lua/present.lua
 * implements the same for Redis, and a model-based test compares the two.
 */
export type FamilyRecord = {
  /** the generation of the current token; a login makes 0 */
  readonly generation: number
  /** seconds since 1970 */
  readonly openedAt: number
  /** milliseconds since 1970: when the current generation was made or recovered */
  readonly rotatedAtMs: number
  /** seconds: when it ends if it is not used before */
  readonly idleExpiresAt: number
  /** seconds: when it ends in any case */
  readonly expiresAt: number
  /** how often the previous token got the current generation again */
  readonly replays: number
  /** whether a token of the current generation was used, so that its response has arrived */
  readonly seen: boolean
  /**
   * access tokens with an earlier `iat` (s) are stale. A recovery makes the tokens of the first
   * response stale, and the next rotation those of the recovery: otherwise a thief could go on
   * using them
   */
  readonly tokensNotBefore: number
  /** whether the current generation was recovered */
  readonly answeredAgain: boolean
  /** seconds: when it was ended; 0: live. It stays as a tombstone until `expiresAt` */
  readonly endedAt: number
  /** the OAuth client; empty: this API's own */
  readonly clientId: string
  /** the requested scope, space-separated; empty: the whole scope of the account */
  readonly scope: string
  /** the label in the list of sessions; empty once it has ended */
  readonly label: string
}

export type FamilyPolicy = {
  readonly idleSeconds: number
  /** how long the previous token gets the same successor; 0: never */
  readonly graceSeconds: number
  /** how often it does, per generation */
  readonly replayCap: number
  /** how long it still does, while no token of the successor was used; 0: never */
  readonly recoverySeconds: number
  /** live families per user; one more ends the oldest */
  readonly sessionsPerUser: number
}

type Step = {
  readonly outcome: Outcome
  /** the new record; null if there was none */
  readonly next: FamilyRecord | null
}

/** The facts that a login begins with. */
export type Opening = Pick<FamilyRecord, 'clientId' | 'scope' | 'label'>

/** The facts that never change. The database keeps them to rebuild a lost family. */
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
    answeredAgain: false,
    endedAt: 0,
    clientId,
    scope,
    label
  }
}

export function isLive(record: FamilyRecord, nowMs: number): boolean {
  return !isOver(record, nowMs) && nowMs < record.idleExpiresAt * 1000
}

/** Whether it has ended or expired finally; one that was only idle for too long has not. */
function isOver({ endedAt, expiresAt }: FamilyRecord, nowMs: number): boolean {
  return endedAt !== 0 || nowMs >= expiresAt * 1000
}

/** How often per idle lifetime the database learns that a session is used. */
const TOUCHES = 10

/** The most seconds by which the database learns late that a session is used. */
export const lateSeconds = (idleSeconds: number): number => Math.ceil(idleSeconds / TOUCHES)

/** Whether the store must keep it: an idle family would otherwise look like a lost one. */
export function isRestorable(record: FamilyRecord, nowMs: number, policy: FamilyPolicy): boolean {
  const untilSeconds = record.idleExpiresAt + lateSeconds(policy.idleSeconds)
  return record.endedAt === 0 && nowMs < untilSeconds * 1000
}

/**
 * Presents a token of generation `presented` with a valid MAC. Pure.
 * @param opened the family as the database knows it, if it was opened and has not ended; else null
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
  // The store has lost a use of a newer token, and the database knows that it was recent.
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

function answerAgain(record: FamilyRecord, nowMs: number): FamilyRecord {
  const tokensNotBefore = afterFirstResponse(record.tokensNotBefore, Math.floor(nowMs / 1000))
  return { ...record, rotatedAtMs: nowMs, replays: 0, tokensNotBefore, answeredAgain: true }
}

/** A token of this generation was used, so its client has the response. */
export function see(record: FamilyRecord, generation: number): FamilyRecord {
  return generation < record.generation ? record : { ...record, seen: true }
}

/** How many generations old a reused token is, and the time since its successor was made. */
export function reuse(record: FamilyRecord, presented: number, nowMs: number) {
  return {
    generationsBehind: record.generation - presented,
    secondsSinceRotation: Math.floor((nowMs - record.rotatedAtMs) / 1000)
  }
}

export function end(record: FamilyRecord, nowMs: number): FamilyRecord {
  return { ...record, endedAt: Math.floor(nowMs / 1000), label: '' }
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
    tokensNotBefore: record.answeredAgain
      ? afterSecondResponse(record.tokensNotBefore, now)
      : record.tokensNotBefore,
    answeredAgain: false,
    // With recovery off, uses are not reported. It must not look unused if recovery is turned on.
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
