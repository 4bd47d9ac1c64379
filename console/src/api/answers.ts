/** Members of answers of the operators' API (`api/operator.json`). Times are ISO 8601. */

export type Role = 'viewer' | 'operator' | 'admin'

export type Operator = { readonly name: string; readonly role: Role }

export type KeyState = 'standby' | 'active' | 'retiring' | 'retired' | 'revoked'

export type SigningKey = {
  readonly kid: string
  readonly algorithm: string
  readonly state: KeyState
  readonly createdAt: string
  readonly activatedAt: string | null
  readonly retiringAt: string | null
  /** when the last token that it signed has expired */
  readonly withdrawAt: string | null
  /** when it was retired or revoked */
  readonly endedAt: string | null
}

export type Gateway = {
  readonly id: string
  readonly name: string
  readonly keySetVersion: string
  readonly kids: readonly string[]
  readonly revocationCursor: string
  readonly revocationLagSeconds: number
}

export type AuditEvent = {
  readonly at: string
  readonly kind: string
  /** the account, client, key or operator that it is about */
  readonly user: string | null
  readonly session: string | null
  readonly address: string
  readonly requestId: string
  readonly operator: string | null
  readonly detail: Readonly<Record<string, number | string>>
}

/** As the live events have it: with its number in the chain. */
export type AuditRecord = AuditEvent & { readonly seq: number }

export type User = {
  readonly id: string
  readonly email: string
  readonly roles: readonly string[]
  readonly scope: readonly string[]
  readonly disabled: boolean
  readonly emailVerified: boolean
  readonly createdAt: string
}

export type Session = {
  readonly id: string
  readonly createdAt: string
  readonly lastUsedAt: string
  readonly expiresAt: string
  /** the kind of browser or program; may be empty */
  readonly label: string
}
