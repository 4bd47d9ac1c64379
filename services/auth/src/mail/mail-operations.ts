import type { Kysely } from 'kysely'
import type { AuditKind, RequestSource } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import type { Delivery, DeliveryState } from '../outbox/delivery.ts'
import { deliveryOperations } from '../outbox/delivery-operations.ts'

/** The queue of letters, for operators. They see neither addresses nor contents. */
export type MailOperations = {
  /** The newest first. */
  list(query: {
    readonly state?: DeliveryState | undefined
    readonly limit: number
  }): Promise<Delivery[]>
  /** Queues a dead letter again, with all its attempts. False if there is none. */
  retry(id: string, source: RequestSource): Promise<boolean>
  /** The same for all dead letters. Returns how many there were. */
  retryAll(source: RequestSource): Promise<number>
  /** A pending or dead letter is not sent. False if there is none. */
  discard(id: string, source: RequestSource): Promise<boolean>
}

export function mailOperations(db: Kysely<Tables>, clock: () => number): MailOperations {
  const letters = deliveryOperations(db)
  const changed = async (
    transaction: Kysely<Tables>,
    kind: Extract<AuditKind, `mail-${string}`>,
    detail: { readonly letter: string } | { readonly count: number },
    source: RequestSource
  ) => {
    const event = { kind, subject: null, sid: null, source, detail }
    await writeAudit(transaction, event, clock())
  }
  return {
    list: ({ state, limit }) => letters.list({ kind: 'mail', state, limit }),
    retry: (id, source) =>
      db.transaction().execute(async (transaction) => {
        if (!(await letters.retry(transaction, 'mail', id, clock()))) return false
        await changed(transaction, 'mail-retried', { letter: id }, source)
        return true
      }),
    retryAll: (source) =>
      letters.retryAll({ kind: 'mail', target: null }, clock(), (transaction, count) =>
        changed(transaction, 'mail-retried', { count }, source)
      ),
    discard: (id, source) =>
      db.transaction().execute(async (transaction) => {
        if (!(await letters.discard(transaction, 'mail', id, clock()))) return false
        await changed(transaction, 'mail-discarded', { letter: id }, source)
        return true
      })
  }
}
