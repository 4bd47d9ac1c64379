import type { Kysely, Selectable } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { Delivery, DeliveryKind, DeliveryState } from './delivery.ts'
import type { DeliveryTable } from './delivery-table.ts'
import { startLane, WAITS_MS } from './lanes.ts'
import { removeSome } from './remove-some.ts'
import { retryAll, retryOne } from './retry-dead.ts'

type DeliveryQuery = {
  readonly kind: DeliveryKind
  readonly target?: string | undefined
  readonly state?: DeliveryState | undefined
  readonly limit: number
}

/** Deliveries as operators see and change them. */
type DeliveryOperations = {
  /** The matching deliveries, the newest first. */
  list(query: DeliveryQuery): Promise<Delivery[]>
  find(kind: DeliveryKind, id: string): Promise<Delivery | null>
  /** Queues a dead delivery again, with all its attempts. False if it is not dead. */
  readonly retry: typeof retryOne
  /** The same for all dead deliveries of a target, in parts. Returns how many there were. */
  readonly retryAll: ReturnType<typeof retryAll>
  /**
   * Ends the attempts of a delivery. The next one of its lane becomes due. False if it is neither
   * pending nor dead.
   */
  discard(
    transaction: Kysely<Tables>,
    kind: DeliveryKind,
    id: string,
    nowMs: number
  ): Promise<boolean>
  /** Deletes the deliveries of a target; of many, the first ones. */
  remove(transaction: Kysely<Tables>, kind: DeliveryKind, target: string): Promise<void>
}

export const deliveryOperations = (db: Kysely<Tables>): DeliveryOperations => ({
  list: (query) => listDeliveries(db, query),
  find: (kind, id) => findDelivery(db, kind, id),
  retry: retryOne,
  retryAll: retryAll(db),
  discard,
  async remove(transaction, kind, target) {
    await removeSome(transaction, kind, target)
  }
})

async function listDeliveries(
  db: Kysely<Tables>,
  { kind, target, state, limit }: DeliveryQuery
): Promise<Delivery[]> {
  let query = db.selectFrom('deliveries').selectAll().where('kind', '=', kind)
  if (target !== undefined) query = query.where('target', '=', target)
  if (state !== undefined) query = query.where('state', '=', state)
  const rows = await query.orderBy('position', 'desc').limit(limit).execute()
  return rows.map(toDelivery)
}

async function findDelivery(
  db: Kysely<Tables>,
  kind: DeliveryKind,
  id: string
): Promise<Delivery | null> {
  const row = await db
    .selectFrom('deliveries')
    .selectAll()
    .where('kind', '=', kind)
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? null : toDelivery(row)
}

async function discard(
  transaction: Kysely<Tables>,
  kind: DeliveryKind,
  id: string,
  nowMs: number
): Promise<boolean> {
  const row = await transaction
    .updateTable('deliveries')
    .set({ state: 'discarded', claim: null, settled_at_ms: nowMs, payload: '' })
    .where('kind', '=', kind)
    .where('id', '=', id)
    .where('state', 'in', ['pending', 'dead'])
    .returning(['kind', 'target', 'lane'])
    .executeTakeFirst()
  if (row === undefined) return false
  await startLane(transaction, row, nowMs)
  return true
}

const toDelivery = (row: Selectable<DeliveryTable>): Delivery => ({
  id: row.id,
  kind: row.kind,
  target: row.target,
  messageId: row.message_id,
  topic: row.topic,
  state: row.state,
  attempts: row.attempts,
  dueAtMs: row.state === 'pending' && row.due_at_ms < WAITS_MS ? row.due_at_ms : null,
  createdAtMs: row.created_at_ms,
  settledAtMs: row.settled_at_ms,
  fault: row.last_fault,
  status: row.last_status
})
