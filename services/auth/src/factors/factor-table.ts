import type { Generated } from 'kysely'

/** What makes a second factor. */
type FactorKind = 'totp'

export type FactorTable = {
  id: string
  /** the account */
  subject: string
  kind: FactorKind
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

export type RecoveryCodeTable = {
  subject: string
  /** of the code */
  digest: string
}

/** A login whose password was right, and whose second factor is missing. */
export type LoginChallengeTable = {
  /** SHA-256 of the challenge */
  digest: string
  subject: string
  /** the versions of the account's password and factors at that time */
  password_version: number
  factor_version: number
  /** how the refresh token of the login is delivered */
  delivery: 'body' | 'cookie'
  /** how many answers were compared */
  attempts: Generated<number>
  /** seconds since 1970 */
  expires_at: number
  used_at_ms: Generated<number | null>
}
