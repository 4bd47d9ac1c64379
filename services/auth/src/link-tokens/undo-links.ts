import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { type LinkToken, unusedOf } from './link-tokens.ts'

/** The links that restore the previous address of an account, and what they reserve. */

/**
 * No link that undoes a change of the address works. If `undo` is one, only those of later changes:
 * they may have gone to addresses of a thief. An earlier address has the better claim, so its link
 * still works, and the address stays reserved.
 */
export async function spendUndos(
  transaction: Kysely<Tables>,
  { subject, undo }: { readonly subject: string; readonly undo: LinkToken | null },
  nowMs: number
): Promise<void> {
  const links = unusedOf(transaction, subject, nowMs).where('purpose', '=', 'email-undo')
  await (undo === null ? links : links.where('payload', '>', undo.payload)).execute()
}

/** The payload of a link that undoes a change, as a text that sorts like the versions of rights. */
export const undoOrder = (rightsVersion: number): string => String(rightsVersion).padStart(16, '0')

/** When the link expires that restores a previous address of an account; null if there is none. */
export async function undoExpiry(
  on: Kysely<Tables>,
  { subject, email }: { readonly subject: string; readonly email: string },
  nowMs: number
): Promise<number | null> {
  const row = await on
    .selectFrom('mail_tokens')
    .select(({ fn }) => fn.max('expires_at').as('expires_at'))
    .where('email', '=', email)
    .where('subject', '=', subject)
    .where('purpose', '=', 'email-undo')
    .where('used_at_ms', 'is', null)
    .where('expires_at', '>', Math.floor(nowMs / 1000))
    .executeTakeFirst()
  return row?.expires_at ?? null
}

/**
 * When the last link expires that restores a previous address of an account, in seconds since 1970;
 * 0 if there is none.
 */
export async function lastUndoExpiry(
  on: Kysely<Tables>,
  subject: string,
  nowMs: number
): Promise<number> {
  const row = await on
    .selectFrom('mail_tokens')
    .select(({ fn }) => fn.max('expires_at').as('expires_at'))
    .where('subject', '=', subject)
    .where('purpose', '=', 'email-undo')
    .where('used_at_ms', 'is', null)
    .where('expires_at', '>', Math.floor(nowMs / 1000))
    .executeTakeFirst()
  return row?.expires_at ?? 0
}

/**
 * Whether an address is kept for another account that had it: its owner can still undo the change,
 * so no other account may take it meanwhile. Call it after the transaction has written the address:
 * before that, another account may be about to give it up.
 * @param owner the account that wants the address; null: a new one
 */
export async function isReserved(
  on: Kysely<Tables>,
  { email, owner }: { readonly email: string; readonly owner: string | null },
  nowMs: number
): Promise<boolean> {
  const wanting = [{ email, id: owner ?? '' }]
  return (await reservedAmong(on, wanting, nowMs)).size > 0
}

/** The same for several accounts: those whose address is kept for another one. */
export async function reservedAmong<
  Wanting extends { readonly id: string; readonly email: string }
>(on: Kysely<Tables>, accounts: readonly Wanting[], nowMs: number): Promise<Set<Wanting>> {
  const emails = accounts.map(({ email }) => email)
  const rows = await on
    .selectFrom('mail_tokens')
    .select(['email', 'subject'])
    .distinct()
    .where('email', 'in', emails)
    .where('purpose', '=', 'email-undo')
    .where('used_at_ms', 'is', null)
    .where('expires_at', '>', Math.floor(nowMs / 1000))
    .execute()
  const isKept = ({ id, email }: Wanting): boolean =>
    rows.some((row) => row.email === email && row.subject !== id)
  return new Set(accounts.filter(isKept))
}
