import type { Kysely } from 'kysely'
import { OPERATOR_ADDRESS, SCHEDULE_ADDRESS, START_ADDRESS } from '../../audit/audit-event.ts'
import { plainDetail, storedDetail, storedInstant } from '../../audit/stored-event.ts'
import type { Tables } from '../../database/tables.ts'

/** How many events one response has. */
const PAGE = 500

/** The addresses of events that no client has caused. */
const NO_CLIENT: readonly string[] = [OPERATOR_ADDRESS, START_ADDRESS, SCHEDULE_ADDRESS, '']

export type StoredEvents = Awaited<ReturnType<typeof storedEvents>>

/**
 * Events of an account, the oldest first.
 * @param afterMs only later ones, in milliseconds since 1970
 * @returns the time of the last one, after which there may be more; null: there are no more
 */
export async function storedEvents(db: Kysely<Tables>, subject: string, afterMs: number) {
  const later = db
    .selectFrom('audit_events')
    .where('subject', '=', subject)
    .where('at_ms', '>', afterMs)
  const last = await later
    .select('at_ms')
    .orderBy('at_ms')
    .offset(PAGE - 1)
    .limit(1)
    .executeTakeFirst()
  // Events have no key, so all events of the same millisecond belong to one page.
  const rows = await later
    .select(['at_ms', 'kind', 'sid', 'address', 'request_id', 'detail'])
    .where('at_ms', '<=', last?.at_ms ?? Number.MAX_SAFE_INTEGER)
    .orderBy('at_ms')
    .execute()
  const events = rows.map(({ kind, sid, address, ...row }) => ({
    kind,
    sid,
    at: storedInstant(row.at_ms),
    address: NO_CLIENT.includes(address) ? null : address,
    byOperator: address === OPERATOR_ADDRESS,
    requestId: row.request_id,
    detail: plainDetail(storedDetail(row.detail))
  }))
  return { events, nextMs: last?.at_ms ?? null }
}
