import type { AuditEvent, AuditKind, Origin } from '../audit/audit-event.ts'

/** The audit event of a key. */
export const keyEvent = (
  kind: Extract<AuditKind, `key-${string}`>,
  kid: string,
  origin: Origin,
  detail: Readonly<Record<string, number>> = {}
): AuditEvent => ({ kind, subject: kid, sid: null, origin, detail })
