import { createHash, randomBytes } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import type { Cleanup } from '../background/retention.ts'
import { forgetExpired } from '../database/statements/delete-expired.ts'
import type { Tables } from '../database/tables.ts'
import type { LinkTokenTable, TokenPurpose } from './link-token-table.ts'

/** An account as a token is bound to it. */
export type TokenOwner = {
  readonly id: string
  readonly email: string
  readonly emailTyped?: string | null
  readonly passwordVersion: number
}

export type LinkToken = Selectable<LinkTokenTable>

const digestOf = (token: string): string => createHash('sha256').update(token).digest('base64url')

/** 256 random bits. */
export const newToken = (): string => randomBytes(32).toString('base64url')

type NewToken = {
  readonly token: string
  readonly purpose: TokenPurpose
  readonly owner: TokenOwner
  readonly lifetimeSeconds: number
  readonly page?: string | undefined
  readonly payload?: string
}

/**
 * Stores the digest of a token that is about to be sent. A further attempt to send the same letter
 * makes it valid for its whole time again, unless it was used.
 * @returns whether it is new
 */
export async function issueToken(
  on: Kysely<Tables>,
  { token, purpose, owner, lifetimeSeconds, page, payload = '' }: NewToken,
  nowMs: number
): Promise<boolean> {
  const digest = digestOf(token)
  const expires_at = Math.ceil(nowMs / 1000) + lifetimeSeconds
  const { numUpdatedRows } = await on
    .updateTable('mail_tokens')
    .set({ expires_at })
    .where('digest', '=', digest)
    .where('used_at_ms', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows > 0n) return false
  const row = await on
    .insertInto('mail_tokens')
    .values({
      digest,
      purpose,
      subject: owner.id,
      email: owner.email,
      email_typed: owner.emailTyped ?? null,
      password_version: owner.passwordVersion,
      created_at_ms: nowMs,
      expires_at,
      used_at_ms: null,
      page_digest: page ?? null,
      payload
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('digest')
    .executeTakeFirst()
  return row !== undefined
}

/** A token of this purpose, even if it was used or has expired. */
export async function findToken(
  on: Kysely<Tables>,
  token: string,
  purpose: TokenPurpose
): Promise<LinkToken | null> {
  const row = await on
    .selectFrom('mail_tokens')
    .selectAll()
    .where('digest', '=', digestOf(token))
    .where('purpose', '=', purpose)
    .executeTakeFirst()
  return row ?? null
}

/**
 * The digest of a page secret, if an earlier token of this account and this password has it:
 * anybody can make up a secret, and only the one of the registration says who chose the password.
 */
export async function knownPage(
  on: Kysely<Tables>,
  { id, passwordVersion }: TokenOwner,
  page: string | undefined
): Promise<string | undefined> {
  if (page === undefined) return undefined
  const row = await on
    .selectFrom('mail_tokens')
    .select('page_digest')
    .where('subject', '=', id)
    .where('purpose', '=', 'email-verification')
    .where('password_version', '=', passwordVersion)
    .where('page_digest', '=', page)
    .executeTakeFirst()
  return row?.page_digest ?? undefined
}

/** Whether a token was not used and has not expired. Pure. */
export const isUsable = ({ used_at_ms, expires_at }: LinkToken, nowMs: number): boolean =>
  used_at_ms === null && expires_at > Math.floor(nowMs / 1000)

/**
 * Uses a token, once. The caller has locked its account before, so that of two requests at once,
 * the second finds it used.
 * @returns whether it could still be used
 */
export async function useToken(
  transaction: Kysely<Tables>,
  { digest }: Pick<LinkToken, 'digest'>,
  nowMs: number
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('mail_tokens')
    .set({ used_at_ms: nowMs })
    .where('digest', '=', digest)
    .where('used_at_ms', 'is', null)
    .where('expires_at', '>', Math.floor(nowMs / 1000))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/**
 * No other token of this account works. A link that undoes a change of the address still does: a
 * thief of the account must not make it void.
 */
export async function spendTokens(
  transaction: Kysely<Tables>,
  subject: string,
  nowMs: number
): Promise<void> {
  await unusedOf(transaction, subject, nowMs).where('purpose', '!=', 'email-undo').execute()
}

/** Marks the unused tokens of an account as used. */
export const unusedOf = (transaction: Kysely<Tables>, subject: string, nowMs: number) =>
  transaction
    .updateTable('mail_tokens')
    .set({ used_at_ms: nowMs })
    .where('subject', '=', subject)
    .where('used_at_ms', 'is', null)

/** for how long after its expiry a token is kept */
const KEPT_SECONDS = 86_400

/** Deletes tokens that expired a day ago. */
export const forgetTokens =
  (db: Kysely<Tables>, clock: () => number): Cleanup =>
  () =>
    forgetExpired(db, 'mail_tokens', Math.floor(clock() / 1000) - KEPT_SECONDS)
