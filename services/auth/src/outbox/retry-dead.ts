import { type Kysely, sql } from 'kysely'
import { ROWS_PER_STATEMENT } from '../database/statements/rows-per-statement.ts'
import type { Tables } from '../database/tables.ts'
import type { DeliveryKind } from './delivery.ts'
import { type Lane, laneKey, lanesOf, startLane, WAITS_MS } from './lanes.ts'

type DeadDeliveries = {
  readonly kind: DeliveryKind
  /** null: all targets */
  readonly target: string | null
}

type NoteRetried = (transaction: Kysely<Tables>, count: number) => Promise<void>

const asQueued = {
  state: 'pending',
  attempts: 0,
  due_at_ms: WAITS_MS,
  claim: null,
  settled_at_ms: null
} as const

/** Queues a dead delivery again, with all its attempts. False if it is not dead. */
export async function retryOne(
  transaction: Kysely<Tables>,
  kind: DeliveryKind,
  id: string,
  nowMs: number
): Promise<boolean> {
  const row = await transaction
    .updateTable('deliveries')
    .set(asQueued)
    .where('kind', '=', kind)
    .where('id', '=', id)
    .where('state', '=', 'dead')
    .returning(['kind', 'target', 'lane'])
    .executeTakeFirst()
  if (row === undefined) return false
  await startLane(transaction, row, nowMs)
  return true
}

/**
 * The same for all deliveries of a target that are dead now, a part at a time.
 * @param note is called in the transaction of each part, with how many it has queued
 * @returns how many there were
 */
export const retryAll =
  (db: Kysely<Tables>) =>
  async (dead: DeadDeliveries, nowMs: number, note: NoteRetried): Promise<number> => {
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
        .limit(ROWS_PER_STATEMENT)
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
 * Queues dead deliveries again. The first one of each lane is due, unless an earlier one is
 * pending.
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

const dueUnlessEarlier = (nowMs: number) => sql<number>`case when exists (
    select 1 from deliveries as earlier
    where earlier.kind = deliveries.kind and earlier.target = deliveries.target
      and earlier.lane = deliveries.lane and earlier.state = 'pending'
      and earlier.position < deliveries.position
  ) then cast(${WAITS_MS} as bigint) else cast(${nowMs} as bigint) end`
