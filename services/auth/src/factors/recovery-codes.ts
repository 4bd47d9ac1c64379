import { createHash, randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { base32 } from './base32.ts'

/** how many codes an account gets */
const RECOVERY_CODES = 10
/**
 * 80 random bits, 16 characters. Their digests need no slow hash: an attacker cannot try all
 * values, even with a copy of the database.
 */
const CODE_BYTES = 10
const GROUP = /.{4}/g

/** Such as `abcd-efgh-ijkl-mnop`. */
const newCode = (): string =>
  (base32(randomBytes(CODE_BYTES)).toLowerCase().match(GROUP) ?? []).join('-')

/** People type codes in capitals, with spaces, and without hyphens. */
const canonical = (code: string): string => code.toLowerCase().replaceAll(/[\s-]/g, '')

/** Bound to its account, so that a digest cannot be moved to another one. */
const digestOf = (subject: string, code: string): string =>
  createHash('sha256')
    .update(`gatehouse recovery code\0${subject}\0${canonical(code)}`)
    .digest('base64url')

/** Replaces the codes of an account, and returns the new ones, of which only digests are stored. */
export async function replaceRecoveryCodes(
  transaction: Kysely<Tables>,
  subject: string
): Promise<string[]> {
  await deleteRecoveryCodes(transaction, subject)
  const codes = Array.from({ length: RECOVERY_CODES }, newCode)
  const rows = codes.map((code) => ({ subject, digest: digestOf(subject, code) }))
  await transaction.insertInto('recovery_codes').values(rows).execute()
  return codes
}

export async function deleteRecoveryCodes(on: Kysely<Tables>, subject: string): Promise<void> {
  await on.deleteFrom('recovery_codes').where('subject', '=', subject).execute()
}

/** How many codes an account has left. */
export async function countRecoveryCodes(on: Kysely<Tables>, subject: string): Promise<number> {
  const { count } = await on
    .selectFrom('recovery_codes')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('subject', '=', subject)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Finds a code without using it. Returns its digest. */
export async function findRecoveryCode(
  on: Kysely<Tables>,
  subject: string,
  code: string
): Promise<string | null> {
  const row = await on
    .selectFrom('recovery_codes')
    .select('digest')
    .where('subject', '=', subject)
    .where('digest', '=', digestOf(subject, code))
    .executeTakeFirst()
  return row?.digest ?? null
}

/** Uses a code. If several requests use it at once, only one gets true. */
export async function useRecoveryCode(
  transaction: Kysely<Tables>,
  subject: string,
  digest: string
): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .deleteFrom('recovery_codes')
    .where('subject', '=', subject)
    .where('digest', '=', digest)
    .executeTakeFirst()
  return numDeletedRows === 1n
}
