import type { Generated } from 'kysely'

/** What the token in a link lets its reader do. */
export type TokenPurpose =
  | 'password-reset'
  | 'registration'
  | 'email-verification'
  | 'email-change'
  | 'email-undo'

export type LinkTokenTable = {
  /** SHA-256 of the token */
  digest: string
  purpose: TokenPurpose
  /** the account; empty for a registration, which has none yet */
  subject: string
  /** the address to which the token was sent */
  email: string
  /** the address as its owner typed it; null: not known */
  email_typed: Generated<string | null>
  /** the version of the account's password at that time */
  password_version: number
  created_at_ms: number
  /** seconds since 1970 */
  expires_at: number
  used_at_ms: number | null
  /** the digest of the secret of the page that registered; null: not known to be that page */
  page_digest: string | null
  /**
   * for a registration, what becomes an account, sealed; for a change of the address, the address
   * that the account had; for the link that undoes it, `undoOrder` of the change
   */
  payload: Generated<string>
}
