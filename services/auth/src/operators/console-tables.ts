/** A session of an operator in the console. */
export type OperatorSessionTable = {
  /** SHA-256 of the two secrets of the session, base64url */
  digest: string
  /** the digest of the operator's token: the session ends with it */
  token_digest: string
  /** seconds since 1970, as `expires_at`; late by up to a minute */
  used_at: number
  expires_at: number
}

/** A link that opens one session in the console. */
export type OperatorLinkTable = {
  /** SHA-256 of the secret in the link, base64url */
  digest: string
  token_digest: string
  /** seconds since 1970 */
  expires_at: number
}
