import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { issueToken, newToken, type TokenOwner } from '../link-tokens/link-tokens.ts'

/**
 * A token that sets a password, for a reader who has just proven the address with another one.
 * @returns the token, which is stored as a digest only
 */
export async function resetTokenFor(
  transaction: Kysely<Tables>,
  owner: TokenOwner,
  lifetimeSeconds: number,
  nowMs: number
): Promise<string> {
  const token = newToken()
  const issued = { token, purpose: 'password-reset', owner, lifetimeSeconds } as const
  await issueToken(transaction, issued, nowMs)
  return token
}
