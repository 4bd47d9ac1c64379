/** Members of responses of the operators' API (`api/operator.json`). Times are ISO 8601. */

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
  /** since its last announcement */
  readonly silentSeconds: number
  /** the same for all workers of one gateway */
  readonly instance: string
  /** null: an earlier version, which cannot be drained */
  readonly drained: boolean | null
  /** why its /readyz is 503; empty: it is 200; null: an earlier version */
  readonly failing: readonly string[] | null
  /** null: an earlier version of the gateway */
  readonly vitals: Vitals | null
}

/** What a gateway did since its start. */
export type Vitals = {
  readonly version: string
  readonly startedAt: string
  readonly memoryBytes: number
  readonly requests: number
  /** requests that the gateway refused itself, with a status below 500 */
  readonly refusals: number
  readonly serverErrors: number
  /** of the last seconds; null: there was no request */
  readonly p99Seconds: number | null
  /** the same for the same route table */
  readonly routesVersion: string
}

export type Status = {
  readonly process: {
    readonly version: string
    readonly nodejs: string
    readonly startedAt: string
    readonly memoryBytes: number
    readonly database: 'sqlite' | 'postgresql'
    readonly sessionStore: 'sqlite' | 'redis'
  }
  readonly readiness: {
    readonly failing: Readonly<Record<string, string>>
    readonly degraded: Readonly<Record<string, string>>
    /** by check; null: never */
    readonly ageSeconds: Readonly<Record<string, number | null>>
  }
  /** 0: there is no schedule */
  readonly keyRotationDays: number
  readonly auditLog: {
    readonly last: number
    readonly unchainedSince: string | null
    readonly head: {
      readonly number: number
      readonly seq: number
      readonly at: string
      readonly intact: boolean
    } | null
  }
  /** the last hour */
  readonly events: {
    readonly since: string
    readonly intervalSeconds: number
    readonly isComplete: boolean
    readonly kinds: readonly { readonly kind: string; readonly counts: readonly number[] }[]
  }
  readonly queues: readonly Queue[]
}

/** A part of the outbox. */
export type Queue = {
  readonly kind: 'mail' | 'webhook'
  readonly pending: number
  readonly dead: number
  readonly pendingSince: string | null
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
  /** when it will be deleted, because its user asked for it; null: it stays */
  readonly deletionAt: string | null
}

export type Session = {
  readonly id: string
  readonly createdAt: string
  readonly lastUsedAt: string
  readonly expiresAt: string
  /** the kind of browser or program; may be empty */
  readonly label: string
}
