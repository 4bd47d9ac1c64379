import type { Presented } from './families.ts'
import type { FamilyRecord } from './family.ts'
import type { Outcome } from './outcome.ts'

/** In the order of the fields in lua/family.lua. */
export type PackedRecord = [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  string,
  string,
  string,
  number,
  number,
  number
]

export function toRecord(packed: PackedRecord): FamilyRecord {
  const [generation, openedAt, rotatedAtMs, idleExpiresAt, expiresAt, replays, endedAt] = packed
  const [, , , , , , , clientId, scope, label, tokensNotBefore, seen, answeredAgain] = packed
  return {
    generation,
    openedAt,
    rotatedAtMs,
    idleExpiresAt,
    expiresAt,
    replays,
    seen: seen === 1,
    tokensNotBefore,
    answeredAgain: answeredAgain === 1,
    endedAt,
    clientId,
    scope,
    label
  }
}

/** The reply of lua/present.lua; null if only a newer version can read the record. */
export function toPresented(reply: unknown): Presented | null {
  const [atMs, outcome, before, after] = reply as [
    number,
    Outcome | 'newer-format',
    PackedRecord | null,
    PackedRecord | null
  ]
  if (outcome === 'newer-format') return null
  return {
    outcome,
    before: before === null ? null : toRecord(before),
    after: after === null ? null : toRecord(after),
    atMs
  }
}
