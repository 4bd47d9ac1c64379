import type { Generated } from 'kysely'
import type { ClientAuthenticationMethod } from './client.ts'

export type ClientTable = {
  id: string
  name: string
  /** space-separated, as in a token */
  scope: string
  /** space-separated */
  receives: Generated<string>
  calls: Generated<string>
  /** space-separated; null: all */
  exchange_roles: string | null
  authentication_method: ClientAuthenticationMethod
  /** JSON (RFC 7517); for `private_key_jwt` */
  jwks: string | null
  /** how many secrets it has ever had: the id of the newest one */
  secrets_made: number
  /** seconds since 1970 */
  created_at: number
  disabled_at: number | null
  /** both as in an account */
  tokens_not_before: Generated<number>
  rights_version: Generated<number>
}

export type ClientSecretTable = {
  client_id: string
  /** 1 and up */
  secret_id: number
  hash: string
  /** seconds since 1970 */
  created_at: number
  /** null while it is one of the client's two */
  expires_at: number | null
}

export type UsedClientAssertionTable = {
  client_id: string
  jti_digest: string
  /** seconds since 1970: from then on, no instance accepts the assertion */
  forget_at: number
}
