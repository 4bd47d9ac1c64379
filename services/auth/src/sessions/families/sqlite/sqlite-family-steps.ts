import type { Sighting } from '@gatehouse/sightings/sighting'
import type { RequestSource } from '../../../audit/audit-event.ts'
import type { SqliteRevocations } from '../../../revocations/sqlite-revocations.ts'
import type { OpenedFamily, Presentation, Presented, StoredFamily } from '../families.ts'
import {
  end,
  type FamilyPolicy,
  type FamilyRecord,
  isLive,
  isRestorable,
  type Opened,
  open,
  present,
  reuse,
  see
} from '../family.ts'
import { newlyStale } from '../newly-stale.ts'
import type { EndNotes } from './sqlite-end-notes.ts'
import type { FamilyRows } from './sqlite-family-rows.ts'

/**
 * The tables that a step reads and writes, and the policy that it follows. Each function below is a
 * step, or a part of one. It runs inside a transaction of its caller.
 */
type FamilyTables = {
  readonly rows: FamilyRows
  readonly endNotes: EndNotes
  readonly revocations: Pick<SqliteRevocations, 'append' | 'makeStale' | 'noteToken'>
  readonly policy: FamilyPolicy
}

/** The families of a user, the oldest first. */
export function familiesOf(rows: FamilyRows, subject: string, nowMs: number) {
  const all = rows.readAll(subject)
  return {
    live: all.filter(({ record }) => isLive(record, nowMs)),
    past: all.filter(({ record }) => !isLive(record, nowMs))
  }
}

export function openFamily(
  tables: FamilyTables,
  family: { readonly subject: string; readonly sid: string; readonly opened: Opened },
  nowMs: number
): OpenedFamily {
  const { rows, revocations, policy } = tables
  const { subject, sid, opened } = family
  const record = open(opened, nowMs, policy)
  revocations.noteToken(nowMs)
  const others = familiesOf(rows, subject, nowMs)
  forgetPast(tables, subject, others.past, nowMs)
  rows.write(subject, sid, record)
  return { record, tooMany: others.live.length + 1 > policy.sessionsPerUser }
}

/** The same as in lua/family.lua. */
function forgetPast(
  { rows, endNotes, policy }: FamilyTables,
  subject: string,
  past: readonly StoredFamily[],
  nowMs: number
): void {
  const isExpired = ({ record }: StoredFamily) => nowMs >= record.expiresAt * 1000
  const forgettable = past.filter(
    (family) =>
      !isExpired(family) && !isRestorable(family.record, nowMs, policy) && !endNotes.has(family.sid)
  )
  const over = forgettable.slice(0, Math.max(0, forgettable.length - policy.sessionsPerUser))
  for (const { sid } of past.filter(isExpired).concat(over)) rows.remove(subject, sid)
}

const FORGOTTEN_AT_ONCE = 500

/** Deletes some expired families of any user. Returns whether there may be more. */
export const forgetExpired = (rows: FamilyRows, nowMs: number): boolean =>
  rows.removeExpired(Math.floor(nowMs / 1000), FORGOTTEN_AT_ONCE) === FORGOTTEN_AT_ONCE

/** Ends the oldest families of a user who has too many. Returns how many. */
export function evictOldest(
  tables: FamilyTables,
  login: { readonly subject: string; readonly justOpened: string; readonly source: RequestSource },
  nowMs: number
): number {
  const { subject, justOpened, source } = login
  const limit = tables.policy.sessionsPerUser
  const { live } = familiesOf(tables.rows, subject, nowMs)
  const others = live.filter(({ sid }) => sid !== justOpened)
  const tooMany = others.slice(0, Math.max(0, live.length - limit))
  for (const { sid, record } of tooMany) {
    endLive(tables, subject, { sid, record }, nowMs)
    const detail = { limit }
    tables.endNotes.write({ subject, sid, kind: 'session-evicted', atMs: nowMs, source, detail })
  }
  return tooMany.length
}

/** Presents a token with a valid MAC to the state machine, and stores what follows. */
export function presentToken(
  { rows, endNotes, revocations, policy }: FamilyTables,
  { subject, sid, generation, opened, source }: Presentation,
  nowMs: number
): Presented {
  const before = rows.read(subject, sid)
  const { outcome, next } = present(before, generation, nowMs, policy, opened)
  if (next !== null && next !== before) rows.write(subject, sid, next)
  if (outcome === 'reused') {
    revocations.append(sid, nowMs)
    const detail = before === null ? {} : reuse(before, generation, nowMs)
    endNotes.write({ subject, sid, kind: 'refresh-reused', atMs: nowMs, source, detail })
  } else if (outcome !== 'ended') revocations.noteToken(nowMs)
  const stale = newlyStale(before, next)
  if (stale !== null) revocations.makeStale(sid, stale, nowMs)
  return { outcome, before, after: next, atMs: nowMs }
}

/** Whether a presented token has written to the revocation log. */
export const hasRevoked = ({ outcome, before, after }: Presented): boolean =>
  outcome === 'reused' || newlyStale(before, after) !== null

/** Ends these families, and revokes those that the store has lost. Returns how many were live. */
export function endFamilies(
  tables: FamilyTables,
  subject: string,
  sids: readonly string[],
  nowMs: number
): number {
  const known = sids.map((sid) => ({ sid, record: tables.rows.read(subject, sid) }))
  for (const { sid, record } of known) endOne(tables, subject, sid, record, nowMs)
  return known.filter(({ record }) => record !== null && isLive(record, nowMs)).length
}

/** The same as in lua/family.lua. */
function endOne(
  tables: FamilyTables,
  subject: string,
  sid: string,
  record: FamilyRecord | null,
  nowMs: number
): void {
  if (record === null) tables.revocations.append(sid, nowMs)
  else if (record.endedAt === 0) endLive(tables, subject, { sid, record }, nowMs)
  else if (record.label !== '') tables.rows.write(subject, sid, { ...record, label: '' })
}

function endLive(
  { rows, revocations }: FamilyTables,
  subject: string,
  { sid, record }: StoredFamily,
  nowMs: number
): void {
  rows.write(subject, sid, end(record, nowMs))
  revocations.append(sid, nowMs)
}

/** Tokens of these generations were used. */
export function noteUse(rows: FamilyRows, sightings: readonly Sighting[]): void {
  for (const { subject, sid, generation } of sightings) {
    const record = rows.read(subject, sid)
    if (record !== null) rows.write(subject, sid, see(record, generation))
  }
}
