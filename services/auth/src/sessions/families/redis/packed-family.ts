import type { Presented } from '../families.ts'
import type { FamilyRecord } from '../family.ts'
import type { Outcome } from '../outcome.ts'
import { unpackedLabel } from './packed-label.ts'

/** In the order of the fields in lua/family.lua. */
export type PackedRecord = [
  generation: number,
  openedAt: number,
  rotatedAtMs: number,
  idleExpiresAt: number,
  expiresAt: number,
  replays: number,
  endedAt: number,
  clientId: string,
  scope: string,
  label: string,
  tokensNotBefore: number,
  seen: number,
  answeredAgain: number
]

export function toRecord(packed: PackedRecord): FamilyRecord {
  return {
    generation: packed[0],
    openedAt: packed[1],
    rotatedAtMs: packed[2],
    idleExpiresAt: packed[3],
    expiresAt: packed[4],
    replays: packed[5],
    endedAt: packed[6],
    clientId: packed[7],
    scope: packed[8],
    label: unpackedLabel(packed[9]),
    tokensNotBefore: packed[10],
    seen: packed[11] === 1,
    answeredAgain: packed[12] === 1
  }
}

/** The reply of lua/present.lua; null if only a newer version can read the record. */
export function toPresented(reply: unknown): Presented | null {
  const [atMs, outcome, before, after, keyWithdrawals, accountChanges] = reply as [
    number,
    Outcome | 'newer-format',
    PackedRecord | null,
    PackedRecord | null,
    string | null,
    string | null
  ]
  if (outcome === 'newer-format') return null
  return {
    outcome,
    before: before === null ? null : toRecord(before),
    after: after === null ? null : toRecord(after),
    atMs,
    keyWithdrawals,
    accountChanges
  }
}
