import { type Kysely, type Selectable, sql } from 'kysely'
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

type DeadDeliveries = {
  readonly kind: DeliveryKind
  /** null: all targets */
  readonly target: string | null
}

type NoteRetried = (transaction: Kysely<Tables>, count: number) => Promise<void>

/** Deliveries as operators see and change them. */
export type DeliveryList = {
  /** The matching deliveries, the newest first. */
  list(query: DeliveryQuery): Promise<Delivery[]>
  find(kind: DeliveryKind, id: string): Promise<Delivery | null>
  /** Queues a dead delivery again, with all its attempts. False if it is not dead. */
  retry(transaction: Kysely<Tables>, id: string, nowMs: number): Promise<boolean>
  /**
   * The same for all deliveries of a target that are dead now, a part at a time.
   * @param note is called in the transaction of each part, with how many it has queued
   * @returns how many there were
   */
  retryAll(dead: DeadDeliveries, nowMs: number, note: NoteRetried): Promise<number>
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

/** A statement and a transaction have little time, and there may be any number of dead deliveries. */
const BATCH = 500

const retryAll =
  (db: Kysely<Tables>): DeliveryList['retryAll'] =>
  async (dead, nowMs, note) => {
    const { last } = await deadOf(db, dead)
      .select(({ fn }) => fn.max('position').as('last'))
      .executeTakeFirstOrThrow()
    let count = 0
    for (let after = -1; last !== null; ) {
      const rows = await deadOf(db, dead)
        .select(['position', 'kind', 'target', 'lane'])
        .where('position', '>', after)
        .where('position', '<=', last)
        .orderBy('position')
        .limit(BATCH)
        .execute()
      const end = rows.at(-1)
      if (end === undefined) break
      count += await db.transaction().execute(async (transaction) => {
        const retried = await retrySome(transaction, rows, nowMs)
        if (retried > 0) await note(transaction, retried)
        return retried
      })
      after = end.position
      await new Promise(setImmediate)
    }
    return count
  }

function deadOf(db: Kysely<Tables>, { kind, target }: DeadDeliveries) {
  const all = db.selectFrom('deliveries').where('kind', '=', kind).where('state', '=', 'dead')
  return target === null ? all : all.where('target', '=', target)
}

/**
 * Queues dead deliveries again. The first one of each lane is due, unless an earlier one is pending.
 * @param dead in the order of the queue
 */
async function retrySome(
  transaction: Kysely<Tables>,
  dead: readonly (Lane & { readonly position: number })[],
  nowMs: number
): Promise<number> {
  const firsts = new Map(dead.toReversed().map((one) => [laneKey(one), one.position]))
  const heads = new Set(firsts.values())
  const others = dead.flatMap(({ position }) => (heads.has(position) ? [] : position))
  const queued = await transaction
    .updateTable('deliveries')
    .set({ ...asQueued, due_at_ms: dueUnlessEarlier(nowMs) })
    .where('position', 'in', [...heads])
    .where('state', '=', 'dead')
    .returning(['kind', 'target', 'lane', 'due_at_ms'])
    .execute()
  const later = await retryWaiting(transaction, others)
  const begun = new Set(queued.flatMap((one) => (one.due_at_ms === WAITS_MS ? [] : laneKey(one))))
  // The delivery before it may be settled at this moment.
  const waiting = lanesOf(dead).filter((lane) => !begun.has(laneKey(lane)))
  for (const lane of waiting) await startLane(transaction, lane, nowMs)
  return queued.length + later
}

async function retryWaiting(
  transaction: Kysely<Tables>,
  positions: readonly number[]
): Promise<number> {
  if (positions.length === 0) return 0
  const { numUpdatedRows } = await transaction
    .updateTable('deliveries')
    .set(asQueued)
    .where('position', 'in', positions)
    .where('state', '=', 'dead')
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

const laneKey = ({ kind, target, lane }: Lane): string => JSON.stringify([kind, target, lane])

const dueUnlessEarlier = (nowMs: number) => sql<number>`case when exists (
    select 1 from deliveries as earlier
    where earlier.kind = deliveries.kind and earlier.target = deliveries.target
      and earlier.lane = deliveries.lane and earlier.state = 'pending'
      and earlier.position < deliveries.position
  ) then cast(${WAITS_MS} as bigint) else cast(${nowMs} as bigint) end`

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
