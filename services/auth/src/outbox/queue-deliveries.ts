import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { NewDelivery } from './delivery.ts'

/** how many rows one statement inserts: databases limit the parameters of a statement */
const BATCH = 500

/** Queues deliveries, in the transaction of the change that they are about. */
export async function queueDeliveries(
  transaction: Kysely<Tables>,
  deliveries: readonly NewDelivery[],
  nowMs: number
): Promise<void> {
  const rows = deliveries.map(({ messageId, ...delivery }) => ({
    ...delivery,
    id: randomUUID(),
    message_id: messageId,
    state: 'pending' as const,
    attempts: 0,
    due_at_ms: nowMs,
    claim: null,
    created_at_ms: nowMs,
    settled_at_ms: null,
    last_fault: null,
    last_status: null
  }))
  for (let from = 0; from < rows.length; from += BATCH) {
    await transaction
      .insertInto('deliveries')
      .values(rows.slice(from, from + BATCH))
      .execute()
  }
}
