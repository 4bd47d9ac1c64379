import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { AuditEvent } from './audit-event.ts'

/** The audit log: written before the answer that it tells of, and kept. */
export type AuditLog = {
  write(event: AuditEvent): Promise<void>
}

export function auditLog(db: Kysely<Tables>, clock: () => number): AuditLog {
  return {
    async write({ kind, subject, sid, origin, detail = {} }) {
      await db
        .insertInto('audit_events')
        .values({
          at_ms: clock(),
          kind,
          subject,
          sid,
          address: origin.address,
          request_id: origin.requestId,
          detail: JSON.stringify(detail)
        })
        .execute()
    }
  }
}
