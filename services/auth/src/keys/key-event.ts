import type { AuditEvent, AuditKind, RequestSource } from '../audit/audit-event.ts'

/** The audit event of a key. */
export const keyEvent = (
  kind: Extract<AuditKind, `key-${string}`>,
  kid: string,
  source: RequestSource,
  detail: Readonly<Record<string, number>> = {}
): AuditEvent => ({ kind, subject: kid, sid: null, source, detail })
