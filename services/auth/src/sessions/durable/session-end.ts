import type { AuditEvent } from '../../audit/audit-event.ts'

/** An event that is the end of a session. */
export type SessionEnd = AuditEvent & { readonly subject: string; readonly sid: string }
