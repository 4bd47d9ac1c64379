import type { Kysely, Selectable } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { Delivery, DeliveryKind, DeliveryState } from './delivery.ts'
import type { DeliveryTable } from './delivery-table.ts'
import { type Lane, lanesOf, startLane, WAITS_MS } from './lanes.ts'
import { removeSome } from './remove-some.ts'

type DeliveryQuery = {
  readonly kind: DeliveryKind
  readonly target?: string | undefined
  readonly state?: DeliveryState | undefined
  readonly limit: number
}

/** Deliveries as operators see and change them. */
export type DeliveryList = {
  /** The matching deliveries, the newest first. */
  list(query: DeliveryQuery): Promise<Delivery[]>
  find(kind: DeliveryKind, id: string): Promise<Delivery | null>
  /** Queues a dead delivery again, with all its attempts. False if it is not dead. */
  retry(transaction: Kysely<Tables>, id: string, nowMs: number): Promise<boolean>
  /** The same for all dead deliveries of a target. Returns how many there were. */
  retryAll(
    transaction: Kysely<Tables>,
    kind: DeliveryKind,
    target: string,
    nowMs: number
  ): Promise<number>
  /**
   * Ends the attempts of a delivery. The next one of its lane becomes due. False if it is neither
   * pending nor dead.
   */
  discard(transaction: Kysely<Tables>, id: string, nowMs: number): Promise<boolean>
  /** Deletes the deliveries of a target; of many, the first ones. */
  remove(transaction: Kysely<Tables>, kind: DeliveryKind, target: string): Promise<void>
}

export const deliveryList = (db: Kysely<Tables>): DeliveryList => ({
  list: (query) => listDeliveries(db, query),
  find: (kind, id) => findDelivery(db, kind, id),
  retry: retryOne,
  retryAll,
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

async function retryOne(transaction: Kysely<Tables>, id: string, nowMs: number): Promise<boolean> {
  const row = await transaction
    .updateTable('deliveries')
    .set(asQueued)
    .where('id', '=', id)
    .where('state', '=', 'dead')
    .returning(['kind', 'target', 'lane'])
    .executeTakeFirst()
  if (row === undefined) return false
  await startLane(transaction, row, nowMs)
  return true
}

async function retryAll(
  transaction: Kysely<Tables>,
  kind: DeliveryKind,
  target: string,
  nowMs: number
): Promise<number> {
  let count = 0
  let started = 0
  for (;;) {
    const rows = await retrySome(transaction, kind, target)
    const lanes = lanesOf(rows)
    // `startIdleLanes` starts the others.
    for (const lane of lanes.slice(0, MOST_STARTED - started)) {
      await startLane(transaction, lane, nowMs)
    }
    started = Math.min(started + lanes.length, MOST_STARTED)
    count += rows.length
    if (rows.length < BATCH) return count
    await new Promise(setImmediate)
  }
}

/** A statement has little time, and a target may have any number of dead deliveries. */
const BATCH = 500
/** how many lanes a retry of all starts by itself */
const MOST_STARTED = 1000

/** Queues the oldest dead deliveries of a target again. */
async function retrySome(
  transaction: Kysely<Tables>,
  kind: DeliveryKind,
  target: string
): Promise<Lane[]> {
  return await transaction
    .updateTable('deliveries')
    .set(asQueued)
    .where('position', 'in', ({ selectFrom }) =>
      selectFrom('deliveries')
        .select('position')
        .where('kind', '=', kind)
        .where('target', '=', target)
        .where('state', '=', 'dead')
        .orderBy('position')
        .limit(BATCH)
    )
    .returning(['kind', 'target', 'lane'])
    .execute()
}

async function discard(transaction: Kysely<Tables>, id: string, nowMs: number): Promise<boolean> {
  const row = await transaction
    .updateTable('deliveries')
    .set({ state: 'discarded', claim: null, settled_at_ms: nowMs, payload: '' })
    .where('id', '=', id)
    .where('state', 'in', ['pending', 'dead'])
    .returning(['kind', 'target', 'lane'])
    .executeTakeFirst()
  if (row === undefined) return false
  await startLane(transaction, row, nowMs)
  return true
}

const asQueued = {
  state: 'pending',
  attempts: 0,
  due_at_ms: WAITS_MS,
  claim: null,
  settled_at_ms: null
} as const

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
