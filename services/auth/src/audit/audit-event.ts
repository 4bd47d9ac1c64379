/**
 * The kinds of events. An event never contains a token, a password, an e-mail address or a cookie.
 */
export const auditKinds = [
  'login',
  'login-failed',
  'refresh-replayed',
  'refresh-recovered',
  'refresh-healed',
  'refresh-restored',
  'refresh-reused',
  'refresh-ended',
  'logout',
  'logout-all',
  'session-ended',
  'session-evicted',
  'all-sessions-ended',
  'password-changed',
  'user-created',
  'user-imported',
  'user-disabled',
  'user-enabled',
  'user-deleted',
  'deletion-requested',
  'deletion-cancelled',
  'account-exported',
  'roles-changed',
  'scope-changed',
  'claims-changed',
  'email-changed',
  'email-change-undone',
  'password-set',
  'password-reset-requested',
  'password-reset',
  'email-verified',
  'factor-required',
  'factor-failed',
  'factor-added',
  'factor-removed',
  'factors-reset',
  'passkey-counter-regressed',
  'identity-linked',
  'identity-unlinked',
  'stepped-up',
  'recovery-code-used',
  'recovery-codes-replaced',
  'mail-token-refused',
  'mail-retried',
  'mail-discarded',
  'invitation-created',
  'invitation-revoked',
  'invitation-used',
  'invitation-refused',
  'client-authentication-failed',
  'client-token-issued',
  'token-exchanged',
  'client-created',
  'client-disabled',
  'client-enabled',
  'client-secret-added',
  'client-audiences-changed',
  'key-created',
  'key-activated',
  'key-retired',
  'key-revoked',
  'tokens-revoked',
  'webhook-created',
  'webhook-deleted',
  'webhook-enabled',
  'webhook-disabled',
  'webhook-secret-rotated',
  'webhook-deliveries-retried',
  'webhook-delivery-discarded',
  'operator-created',
  'operator-revoked',
  'operator-renewed',
  'operator-signed-in',
  'operator-signed-out',
  'console-link-created',
  'approval-requested',
  'request-approved',
  'request-rejected',
  'gateway-drained',
  'gateway-undrained',
  'routes-reloaded',
  'operator-sessions-ended',
  'drill-run'
] as const
export type AuditKind = (typeof auditKinds)[number]

/** Replaces the client's address in events that an operator causes. */
export const OPERATOR_ADDRESS = 'ops'

/**
 * Replace the client's address in events that the system causes: the first start, which creates a
 * key, and the schedule for keys.
 */
export const START_ADDRESS = 'start'
export const SCHEDULE_ADDRESS = 'schedule'

/** The source of a request, as the gateway reports it. */
export type RequestSource = {
  /** the client's address */
  readonly address: string
  readonly requestId: string
  /** the name of the operator who sent it */
  readonly operator?: string
}

/**
 * Who makes a change, and the clock that dates it. A change reads the clock within its transaction,
 * because it may have waited for the database before. If it ends a session, that end must not be
 * dated too early.
 */
export type By = {
  readonly source: RequestSource
  /** milliseconds since 1970 */
  readonly clock: () => number
}

export type AuditEvent = {
  readonly kind: AuditKind
  /** the account, machine client, signing key, operator …; null if it is unknown */
  readonly subject: string | null
  /** the session's public id */
  readonly sid: string | null
  readonly source: RequestSource
  /** never what a client of the public API has written */
  readonly detail?: Readonly<Record<string, number | string>>
}
