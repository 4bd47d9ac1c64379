/** What the token in a link lets its reader do. */
export type TokenPurpose = 'password-reset'

export type MailTokenTable = {
  /** SHA-256 of the token */
  digest: string
  purpose: TokenPurpose
  /** the account */
  subject: string
  /** the address to which the token was sent */
  email: string
  /** the version of the account's password at that time */
  password_version: number
  created_at_ms: number
  /** seconds since 1970 */
  expires_at: number
  used_at_ms: number | null
}
