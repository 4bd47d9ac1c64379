import type { FamilyRecord } from './family.ts'

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
