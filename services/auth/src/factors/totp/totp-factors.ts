import { randomBytes } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import { ROWS_PER_STATEMENT } from '../../database/statements/rows-per-statement.ts'
import type { Tables } from '../../database/tables.ts'
import { type SealingKeys, seal, unsealWithAny } from '../../secrets/seal.ts'
import { UnknownSealingKey } from '../../secrets/unknown-sealing-key.ts'
import type { FactorTable } from '../factor-table.ts'
import { newTotpSecret, stepOfCode } from './totp.ts'

export type FactorRow = Selectable<FactorTable>

/** A secret is bound to its row and its account, so that it cannot be moved to another one. */
const about = ({ id, subject }: Pick<FactorRow, 'id' | 'subject'>): string =>
  `factor ${subject} ${id}`

/** @throws UnknownSealingKey */
function unsealed(row: FactorRow, keys: SealingKeys) {
  try {
    const { secret, stale } = unsealWithAny(row.sealed_secret, keys, about(row))
    return { secret: Buffer.from(secret, 'base64url'), stale }
  } catch (cause) {
    throw new UnknownSealingKey(`the secret of the second factor ${row.id}`, cause)
  }
}

const sealed = (secret: Buffer, [newest]: SealingKeys, row: Pick<FactorRow, 'id' | 'subject'>) =>
  seal(secret.toString('base64url'), newest, about(row))

/** how long a new secret can be confirmed */
const PENDING_SECONDS = 900

/** Stores the secret of a new authenticator, in place of one that was never confirmed. */
export async function insertPending(
  transaction: Kysely<Tables>,
  { subject, name }: Pick<FactorRow, 'subject' | 'name'>,
  keys: SealingKeys,
  nowMs: number
): Promise<{ readonly row: FactorRow; readonly secret: Buffer }> {
  await transaction
    .deleteFrom('factors')
    .where('subject', '=', subject)
    .where('confirmed_at', 'is', null)
    .execute()
  const id = randomBytes(16).toString('base64url')
  const secret = newTotpSecret()
  const row = await transaction
    .insertInto('factors')
    .values({
      id,
      subject,
      kind: 'totp',
      name,
      sealed_secret: sealed(secret, keys, { id, subject }),
      created_at: Math.floor(nowMs / 1000),
      confirmed_at: null
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return { row, secret }
}

/** The authenticator that waits for its first code; null: there is none, or it waited too long. */
export async function findPending(
  on: Kysely<Tables>,
  subject: string,
  id: string | null,
  nowMs: number
): Promise<FactorRow | null> {
  const row = await on
    .selectFrom('factors')
    .selectAll()
    .where('subject', '=', subject)
    .where('confirmed_at', 'is', null)
    .where('created_at', '>', Math.floor(nowMs / 1000) - PENDING_SECONDS)
    .executeTakeFirst()
  return row === undefined || (id !== null && row.id !== id) ? null : row
}

/** A code that an authenticator has made, for the time step that is used up by it. */
export type TotpMatch = { readonly id: string; readonly step: number }

/** Which of these authenticators has made a code that was not used; null: none. */
export function matchTotp(
  rows: readonly FactorRow[],
  code: string,
  keys: SealingKeys,
  nowMs: number
): TotpMatch | null {
  let match: TotpMatch | null = null
  for (const row of rows) {
    const step = stepOfCode(unsealed(row, keys).secret, code, nowMs)
    if (step !== null && step > row.last_step) match = { id: row.id, step }
  }
  return match
}

/**
 * Uses a code. The update decides: of several requests with one code, at any number of instances,
 * one gets true (RFC 6238 §5.2: the second attempt of a code must not be accepted).
 */
export async function useTotp(
  transaction: Kysely<Tables>,
  { id, step }: TotpMatch,
  nowMs: number
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('factors')
    .set({ last_step: step, used_at: Math.floor(nowMs / 1000) })
    .where('id', '=', id)
    .where('last_step', '<', step)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/**
 * Encrypts again, with the first key, what another key has encrypted, and returns the number of
 * factors. With a single key, only one factor is tried, so that a start does not read them all.
 * @throws UnknownSealingKey
 */
export async function resealFactors(db: Kysely<Tables>, keys: SealingKeys): Promise<number> {
  // There may be a factor per user.
  const size = keys.length === 1 ? 1 : ROWS_PER_STATEMENT
  let count = 0
  let after = ''
  for (;;) {
    const rows = await db
      .selectFrom('factors')
      .selectAll()
      .where('id', '>', after)
      .orderBy('id')
      .limit(size)
      .execute()
    for (const row of rows) count += await resealFactor(db, row, keys)
    after = rows.at(-1)?.id ?? ''
    if (keys.length === 1 || rows.length < size) return count
  }
}

async function resealFactor(db: Kysely<Tables>, row: FactorRow, keys: SealingKeys): Promise<0 | 1> {
  const { secret, stale } = unsealed(row, keys)
  if (!stale) return 0
  await db
    .updateTable('factors')
    .set({ sealed_secret: sealed(secret, keys, row) })
    .where('id', '=', row.id)
    .execute()
  return 1
}

/**
 * Deletes every authenticator that was not confirmed in time. Returns false: one statement deletes
 * all.
 */
export const forgetPending =
  (db: Kysely<Tables>, clock: () => number) => async (): Promise<boolean> => {
    await db
      .deleteFrom('factors')
      .where('confirmed_at', 'is', null)
      .where('created_at', '<', Math.floor(clock() / 1000) - PENDING_SECONDS)
      .execute()
    return false
  }
