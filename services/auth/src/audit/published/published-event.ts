import type { AuditEvent, AuditKind } from '../audit-event.ts'
import { OPERATOR_ADDRESS, SCHEDULE_ADDRESS, START_ADDRESS } from '../audit-event.ts'

/** What the subject of an event is, as a member of its data. */
export type Subject = 'user' | 'client' | 'key' | 'invitation'

/**
 * The events that other systems can get: every change of an account, a session, a key, a
 * client or an invitation. The others, such as failed logins, are only in the audit log; anyone can
 * cause them, or they occur with every call of a client.
 */
const published: Record<AuditKind, readonly [type: string, subject: Subject] | null> = {
  login: ['session.opened', 'user'],
  logout: ['session.ended', 'user'],
  'session-ended': ['session.ended', 'user'],
  'session-evicted': ['session.ended', 'user'],
  'refresh-reused': ['session.reuse_detected', 'user'],
  'logout-all': ['user.sessions_ended', 'user'],
  'all-sessions-ended': ['sessions.ended', 'user'],
  'user-created': ['user.created', 'user'],
  'user-imported': ['user.imported', 'user'],
  'user-disabled': ['user.disabled', 'user'],
  'user-enabled': ['user.enabled', 'user'],
  'user-deleted': ['user.deleted', 'user'],
  'deletion-requested': ['user.deletion_requested', 'user'],
  'deletion-cancelled': ['user.deletion_cancelled', 'user'],
  'roles-changed': ['user.roles_changed', 'user'],
  'scope-changed': ['user.scope_changed', 'user'],
  'claims-changed': ['user.claims_changed', 'user'],
  'email-changed': ['user.email_changed', 'user'],
  'email-change-undone': ['user.email_changed', 'user'],
  'password-changed': ['user.password_changed', 'user'],
  'password-set': ['user.password_set', 'user'],
  'email-verified': ['user.email_verified', 'user'],
  'password-reset': ['user.password_reset', 'user'],
  'factor-added': ['user.factor_added', 'user'],
  'factor-removed': ['user.factor_removed', 'user'],
  'factors-reset': ['user.factors_reset', 'user'],
  'identity-linked': ['user.identity_linked', 'user'],
  'identity-unlinked': ['user.identity_unlinked', 'user'],
  'passkey-counter-regressed': ['user.passkey_suspected', 'user'],
  'recovery-code-used': ['user.recovery_code_used', 'user'],
  'recovery-codes-replaced': ['user.recovery_codes_replaced', 'user'],
  'invitation-created': ['invitation.created', 'invitation'],
  'invitation-revoked': ['invitation.revoked', 'invitation'],
  'invitation-used': ['invitation.used', 'user'],
  'client-created': ['client.created', 'client'],
  'client-disabled': ['client.disabled', 'client'],
  'client-enabled': ['client.enabled', 'client'],
  'client-secret-added': ['client.secret_added', 'client'],
  'client-audiences-changed': ['client.audiences_changed', 'client'],
  'key-created': ['key.created', 'key'],
  'key-activated': ['key.activated', 'key'],
  'key-retired': ['key.retired', 'key'],
  'key-revoked': ['key.revoked', 'key'],
  'tokens-revoked': ['tokens.revoked', 'user'],
  'login-failed': null,
  'factor-required': null,
  'account-exported': null,
  'stepped-up': null,
  'factor-failed': null,
  'refresh-replayed': null,
  'refresh-recovered': null,
  'refresh-healed': null,
  'refresh-restored': null,
  'refresh-ended': null,
  'invitation-refused': null,
  'password-reset-requested': null,
  'mail-token-refused': null,
  'mail-retried': null,
  'mail-discarded': null,
  'client-authentication-failed': null,
  'client-token-issued': null,
  'token-exchanged': null,
  'webhook-created': null,
  'webhook-deleted': null,
  'webhook-enabled': null,
  'webhook-disabled': null,
  'webhook-secret-rotated': null,
  'webhook-deliveries-retried': null,
  'webhook-delivery-discarded': null,
  'operator-created': null,
  'operator-revoked': null,
  'operator-renewed': null,
  'approval-requested': null,
  'request-approved': null,
  'request-rejected': null,
  'operator-signed-in': null,
  'operator-signed-out': null,
  'console-link-created': null,
  'gateway-drained': null,
  'gateway-undrained': null,
  'routes-reloaded': null,
  'operator-sessions-ended': null,
  'drill-run': null
}

/** The types of events that other systems can get, in alphabetical order. */
export const eventTypes: readonly string[] = [
  ...new Set(Object.values(published).flatMap((entry) => (entry === null ? [] : [entry[0]])))
].sort()

/**
 * The kinds of the audit log that are of a type, and what they are about.
 * @throws Error if there is no such type
 */
export function subjectsOf(type: string): { kinds: readonly string[]; subject: Subject } {
  const all = Object.entries(published).filter(([, entry]) => entry?.[0] === type)
  const subject = all[0]?.[1]?.[1]
  if (subject === undefined) throw new Error(`no event has the type ${type}`)
  return { kinds: all.map(([kind]) => kind), subject }
}

const isSystem = (address: string): boolean =>
  address === START_ADDRESS || address === SCHEDULE_ADDRESS

function actorOf({ address }: AuditEvent['source']): 'client' | 'operator' | 'system' {
  if (address === OPERATOR_ADDRESS) return 'operator'
  return isSystem(address) ? 'system' : 'client'
}

/** What is sent of an event: ids, and what the audit log has as its detail. */
type PublishedEvent = { readonly type: string; readonly body: string }

/** Null if other systems do not get events of this kind. */
export function publishedEvent(event: AuditEvent, atMs: number): PublishedEvent | null {
  const entry = published[event.kind]
  if (entry === null) return null
  const { kind, subject, sid, source, detail = {} } = event
  const [type, name] = entry
  const data = {
    kind,
    ...(subject === null ? {} : { [name]: subject }),
    ...(sid === null ? {} : { session: sid }),
    actor: actorOf(source),
    requestId: source.requestId,
    detail
  }
  return { type, body: JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data }) }
}
