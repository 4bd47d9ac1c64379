import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import type { KeyRecord } from '../key-lifecycle.ts'
import { isPublished, type SigningKey } from '../signing-key.ts'

/** replaces a private half that is no longer needed */
export const GONE = ''

export const newRecord = ({ kid, algorithm, state }: SigningKey, now: number): KeyRecord => ({
  kid,
  algorithm,
  state,
  createdAt: now,
  activatedAt: state === 'active' ? now : null,
  retiringAt: null,
  withdrawAt: null,
  endedAt: null,
  longestTokenSeconds: 0,
  unpublishedUntil: null
})

export async function readRecords(on: Kysely<Tables>): Promise<KeyRecord[]> {
  const rows = await on
    .selectFrom('signing_keys')
    .select(['kid', 'algorithm', 'state', 'created_at', 'activated_at', 'retiring_at'])
    .select(['withdraw_at', 'ended_at', 'longest_token_seconds', 'untold_until'])
    .orderBy('created_at', 'desc')
    .orderBy('kid')
    .execute()
  return rows.map((row) => ({
    kid: row.kid,
    algorithm: row.algorithm,
    state: row.state,
    createdAt: row.created_at,
    activatedAt: row.activated_at,
    retiringAt: row.retiring_at,
    endedAt: row.ended_at,
    withdrawAt: row.withdraw_at,
    longestTokenSeconds: row.longest_token_seconds,
    unpublishedUntil: row.untold_until
  }))
}

/** A key that has ended never signs again. */
const hasEnded = (record: KeyRecord) => !isPublished(record)

export async function writeRecord(on: Kysely<Tables>, record: KeyRecord): Promise<void> {
  await on
    .updateTable('signing_keys')
    .set({
      state: record.state,
      activated_at: record.activatedAt,
      ended_at: record.endedAt,
      retiring_at: record.retiringAt,
      withdraw_at: record.withdrawAt,
      longest_token_seconds: record.longestTokenSeconds,
      untold_until: record.unpublishedUntil,
      ...(hasEnded(record) ? { sealed_private_key: GONE } : {})
    })
    .where('kid', '=', record.kid)
    .execute()
}
