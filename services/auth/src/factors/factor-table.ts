import type { Generated } from 'kysely'

/** What makes a second factor. */
export type FactorKind = 'totp' | 'passkey'

/** What proves a second factor, named as in the body of a request. */
export type FactorMethod = FactorKind | 'recoveryCode'

/** Authenticator apps. */
export type FactorTable = {
  id: string
  /** the account */
  subject: string
  kind: 'totp'
  /** what its user calls it */
  name: string
  /** of an authenticator app: its secret, sealed as the private signing keys are */
  sealed_secret: string
  /** the time step of the last accepted code: codes of this and of earlier steps are refused */
  last_step: Generated<number>
  /** seconds since 1970, as the other times */
  created_at: number
  /** null: not confirmed yet, and therefore not active */
  confirmed_at: number | null
  used_at: Generated<number | null>
}

export type PasskeyTable = {
  id: string
  /** the account */
  subject: string
  /** what its user calls it */
  name: string
  /** as the authenticator chose it, in base64url; of no other account */
  credential_id: string
  /** COSE_Key (RFC 9052 §7), in base64url */
  public_key: string
  /** how often it was used, as the authenticator says; 0: it does not count */
  counter: number
  /** space-separated: how the browser reaches the authenticator */
  transports: string
  /** the model of the authenticator, as it says */
  aaguid: string
  /** 1: it can be copied to other devices of its user. Never changes */
  backup_eligible: number
  /** 1: it was copied */
  backed_up: number
  /** the version of the password with which it was added, or last used at a login */
  password_version: number
  /** seconds since 1970 */
  created_at: number
  used_at: Generated<number | null>
}

/** A challenge that was answered, so that it is not answered again. */
export type UsedPasskeyChallengeTable = {
  /** SHA-256 of the challenge */
  digest: string
  /** seconds since 1970 */
  expires_at: number
}

export type RecoveryCodeTable = {
  subject: string
  /** of the code */
  digest: string
}

/** A login whose first proof was right, and whose second factor is missing. */
export type LoginChallengeTable = {
  /** SHA-256 of the challenge */
  digest: string
  subject: string
  /** the versions of the account's password and factors at that time */
  password_version: number
  factor_version: number
  /** what the login has proved, as a session has it; null: the password */
  amr: Generated<string | null>
  /** the linked provider with which it began, and the address there; null: it has none */
  identity: Generated<string | null>
  identity_email: Generated<string | null>
  /** how the refresh token of the login is delivered */
  delivery: 'body' | 'cookie'
  /** how many answers were compared */
  attempts: Generated<number>
  /** seconds since 1970 */
  expires_at: number
  used_at_ms: Generated<number | null>
}
