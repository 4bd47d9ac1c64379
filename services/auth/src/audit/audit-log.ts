import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { AuditEvent, AuditKind } from './audit-event.ts'
import { eventOfUser, isOfUser } from './event-of-user.ts'
import { type DatedEvent, publishEvents } from './published/publish-events.ts'
import { publishedEvent } from './published/published-event.ts'
import { plainDetail, storedDetail } from './stored-event.ts'

/** The audit log. An event is written before the response to its request is sent. */
export type AuditLog = {
  /**
   * @param claimed what a caller without a known subject calls itself, such as an e-mail address.
   * It is not written: the events of different names are limited separately
   */
  write(event: AuditEvent, claimed?: string): Promise<void>
  /** The matching events, the newest first. */
  read(query: AuditQuery): Promise<AuditEntry[]>
  /** The user of a session; null if neither the session nor the login that opened it is known. */
  ownerOf(sid: string): Promise<string | null>
}

type AuditQuery = {
  readonly kind?: AuditKind | undefined
  readonly subject?: string | undefined
  /** milliseconds since 1970 */
  readonly sinceMs?: number | undefined
  readonly limit: number
}

export type AuditEntry = AuditEvent & { readonly atMs: number }

/** Writes an event, in the transaction of its change, and queues it for webhook endpoints. */
export const writeAudit = (
  transaction: Kysely<Tables>,
  event: AuditEvent,
  atMs: number
): Promise<void> => writeAudits(transaction, [{ event, atMs }])

/**
 * The same for several events. `audit-metrics.ts` counts the rows once they have taken effect. It
 * reads them from the query, so they must be `values`: an insert of another form is not counted.
 */
export async function writeAudits(
  transaction: Kysely<Tables>,
  dated: readonly DatedEvent[]
): Promise<void> {
  if (dated.length === 0) return
  await transaction.insertInto('audit_events').values(dated.map(toRow)).execute()
  await publishEvents(transaction, dated)
}

const toRow = ({ event, atMs }: DatedEvent) => ({
  at_ms: atMs,
  kind: event.kind,
  subject: event.subject,
  sid: event.sid,
  address: event.source.address,
  request_id: event.source.requestId,
  detail: JSON.stringify(event.detail ?? {}),
  operator: event.source.operator ?? null
})

/** An event that is published has its deliveries in the same transaction. */
function writeAlone(db: Kysely<Tables>, event: AuditEvent, atMs: number): Promise<void> {
  const needsTransaction = publishedEvent(event, atMs) !== null || isOfUser(event)
  if (db.isTransaction || !needsTransaction) return writeAudit(db, event, atMs)
  return db.transaction().execute(async (transaction) => {
    const stored = isOfUser(event) ? await eventOfUser(transaction, event) : event
    await writeAudit(transaction, stored, atMs)
  })
}

export function auditLog(db: Kysely<Tables>, clock: () => number): AuditLog {
  return {
    write: (event) => writeAlone(db, event, clock()),
    async read({ kind, subject, sinceMs, limit }) {
      let query = db.selectFrom('audit_events').selectAll()
      if (kind !== undefined) query = query.where('kind', '=', kind)
      if (subject !== undefined) query = query.where('subject', '=', subject)
      if (sinceMs !== undefined) query = query.where('at_ms', '>=', sinceMs)
      const rows = await query.orderBy('at_ms', 'desc').limit(limit).execute()
      return rows.map((row) => ({
        atMs: row.at_ms,
        kind: row.kind,
        subject: row.subject,
        sid: row.sid,
        source: {
          address: row.address,
          requestId: row.request_id,
          ...(row.operator === null ? {} : { operator: row.operator })
        },
        detail: plainDetail(storedDetail(row.detail))
      }))
    },
    async ownerOf(sid) {
      const session = await db
        .selectFrom('sessions')
        .select('subject')
        .where('sid', '=', sid)
        .executeTakeFirst()
      if (session !== undefined) return session.subject
      // A session that was opened before the database stored sessions.
      const row = await db
        .selectFrom('audit_events')
        .select('subject')
        .where('sid', '=', sid)
        .where('kind', '=', 'login')
        .executeTakeFirst()
      return row?.subject ?? null
    }
  }
}
