import type { Generated } from 'kysely'

/** Accounts at other providers with which users sign in. */
export type IdentityTable = {
  id: string
  /** the account here */
  subject: string
  /** `iss` and `sub` of the ID tokens, which together name one person (OpenID Connect Core §2) */
  issuer: string
  provider_subject: string
  /** the address at the provider, when it was last used */
  email: string | null
  /** the version of the password with which it was linked, or last confirmed */
  password_version: number
  /** seconds since 1970 */
  created_at: number
  used_at: Generated<number | null>
  /** rights that the provider gives by the mapping in the file: `MappedRights`; null: none */
  provided: Generated<string | null>
  /** seconds since 1970: until when they last, unless its user signs in there again; null: none */
  provided_until: Generated<number | null>
}

/** Logins that came back from a provider, until the page or app exchanges their code. */
export type ProviderLoginTable = {
  /** SHA-256 of the code */
  digest: string
  /** SHA-256 of the `state`, so that it does not come back again */
  state_digest: string
  /** the id of the provider, in the file of this installation */
  provider: string
  /** what the provider says about its user, encrypted; empty once the code is used */
  sealed_identity: string
  /** of the page or app: the SHA-256 of its verifier, in base64url (RFC 7636, S256) */
  code_challenge: string
  /** seconds since 1970 */
  expires_at: number
  used_at_ms: Generated<number | null>
}
