import type { Algorithm } from '@gatehouse/access-token/claims'
import type { Generated } from 'kysely'
import type { KeyState } from './signing-key.ts'

export type SigningKeyTable = {
  kid: string
  algorithm: Algorithm
  state: KeyState
  /** JSON */
  public_jwk: string
  /**
   * PKCS #8, sealed under a key-encryption key, which is never in the database; empty once the key
   * is retired or revoked
   */
  sealed_private_key: string
  /** seconds since 1970, as the other times of a key */
  created_at: number
  activated_at: number | null
  retiring_at: number | null
  /** when the last token that it signed has expired */
  withdraw_at: number | null
  /** when it was retired or revoked */
  ended_at: number | null
  /** the longest lifetime of the tokens that it may have signed, whatever the current setting is */
  longest_token_seconds: Generated<number>
  /**
   * for how long the log must remember the revocation; null if it was not revoked or the log has
   * the revocation
   */
  untold_until: number | null
}

/** One row. A change of keys locks it, so that changes come one after the other. */
export type SigningKeySetTable = {
  one: 1
  /** how often the published set has changed */
  version: number
  /** the version that was last announced to gateways */
  told_version: number
  /** the instance that maintains the keys */
  tended_by: string | null
  /** milliseconds since 1970: after that, another instance may */
  tended_until_ms: number
}
