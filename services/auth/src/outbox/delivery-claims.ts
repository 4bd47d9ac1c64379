import { randomUUID } from 'node:crypto'
import { type Kysely, type Selectable, sql } from 'kysely'
import { isPostgres } from '../database/postgres/is-postgres.ts'
import type { Tables } from '../database/tables.ts'
import type { ClaimedDelivery, DeliveryKind } from './delivery.ts'
import type { DeliveryTable } from './delivery-table.ts'
import { startLane } from './lanes.ts'

type ClaimOptions = {
  readonly kind: DeliveryKind
  readonly target: string
  /** as `ReadyTarget` has it */
  readonly lanes?: string | undefined
  readonly most: number
  readonly nowMs: number
  /** after this time, another process may attempt the delivery again */
  readonly leaseMs: number
}

/** What is written about an attempt that has ended. */
export type Settlement =
  | { readonly state: 'delivered'; readonly atMs: number; readonly status: number | null }
  | {
      readonly state: 'dead' | 'discarded'
      readonly atMs: number
      readonly fault: string
      readonly status: number | null
    }
  | {
      readonly state: 'pending'
      readonly dueAtMs: number
      readonly fault: string
      readonly status: number | null
    }

/**
 * Deliveries and their claims. Several instances work on one outbox: a delivery is claimed by one
 * of them at a time. If that one stops before it has noted the result, another one attempts the
 * delivery again, so a message arrives at least once.
 */
export type DeliveryClaims = {
  /**
   * Claims due deliveries of one target, in the order of the queue. A delivery waits while an
   * earlier one of its lane is pending.
   */
  claim(options: ClaimOptions): Promise<ClaimedDelivery[]>
  /**
   * Notes the result of an attempt. Returns false, and notes nothing, if the delivery was claimed
   * again or settled meanwhile.
   */
  settle(on: Kysely<Tables>, claimed: ClaimedDelivery, settlement: Settlement): Promise<boolean>
  /** Gives a delivery back, as if this attempt had not begun. */
  release(claimed: ClaimedDelivery, nowMs: number): Promise<void>
}

export const deliveryClaims = (db: Kysely<Tables>): DeliveryClaims => ({
  claim: (options) => claimDue(db, options),
  settle,
  async release({ id, claim }, nowMs) {
    await db
      .updateTable('deliveries')
      .set(({ eb }) => ({ claim: null, due_at_ms: nowMs, attempts: eb('attempts', '-', 1) }))
      .where('id', '=', id)
      .where('claim', '=', claim)
      .where('state', '=', 'pending')
      .execute()
  }
})

async function settle(
  on: Kysely<Tables>,
  claimed: ClaimedDelivery,
  settlement: Settlement
): Promise<boolean> {
  const { state, status } = settlement
  const { numUpdatedRows } = await on
    .updateTable('deliveries')
    .set({
      state,
      claim: null,
      last_status: status,
      last_fault: state === 'delivered' ? null : settlement.fault,
      ...(state === 'pending'
        ? { due_at_ms: settlement.dueAtMs }
        : { settled_at_ms: settlement.atMs }),
      // A dead delivery can be queued again.
      ...(state === 'delivered' || state === 'discarded' ? { payload: '' } : {})
    })
    .where('id', '=', claimed.id)
    .where('claim', '=', claimed.claim)
    .where('state', '=', 'pending')
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  if (state !== 'pending') await startLane(on, claimed, settlement.atMs)
  return true
}

/**
 * One statement, so that a claim needs no transaction. On PostgreSQL, instances that claim at once
 * skip each other's rows. The conditions are repeated for the updated rows: PostgreSQL checks them
 * again for a row that changed while the statement waited for it.
 */
async function claimDue(db: Kysely<Tables>, options: ClaimOptions): Promise<ClaimedDelivery[]> {
  const { nowMs, leaseMs } = options
  const claim = randomUUID()
  const due = dueDeliveries(db, options)
  const rows = await db
    // Otherwise the statement could read, and lock, the rows more than once.
    .with(
      (cte) => cte('due').materialized(),
      () => (isPostgres(db) ? due.modifyEnd(sql`for update skip locked`) : due)
    )
    .updateTable('deliveries')
    .set(({ eb }) => ({ claim, due_at_ms: nowMs + leaseMs, attempts: eb('attempts', '+', 1) }))
    .where('position', 'in', ({ selectFrom }) => selectFrom('due').select('due.position'))
    .where('state', '=', 'pending')
    .where('due_at_ms', '<=', nowMs)
    .returningAll()
    .execute()
  return rows
    .toSorted((one, other) => one.position - other.position)
    .map((row) => toClaimed(row, claim))
}

/** Not a range: the order of texts depends on the database. */
const beginOf = (lanes: string) => sql<string>`substr(one.lane, 1, ${sql.lit(lanes.length)})`

/**
 * The oldest deliveries of a target that are due. In a lane, one that was retried may precede the
 * one that is due already.
 */
const dueDeliveries = (db: Kysely<Tables>, { kind, target, lanes, most, nowMs }: ClaimOptions) =>
  db
    .selectFrom('deliveries as one')
    .select('one.position')
    .where('one.kind', '=', kind)
    .where('one.target', '=', target)
    .where('one.state', '=', 'pending')
    .where('one.due_at_ms', '<=', nowMs)
    .$if(lanes !== undefined, (query) => query.where(beginOf(lanes ?? ''), '=', lanes ?? ''))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('deliveries as earlier')
            .select('earlier.position')
            .where('earlier.kind', '=', kind)
            .where('earlier.target', '=', target)
            .where('earlier.state', '=', 'pending')
            .whereRef('earlier.lane', '=', 'one.lane')
            .whereRef('earlier.position', '<', 'one.position')
        )
      )
    )
    .orderBy('one.due_at_ms')
    .orderBy('one.position')
    .limit(most)

const toClaimed = (row: Selectable<DeliveryTable>, claim: string): ClaimedDelivery => ({
  id: row.id,
  kind: row.kind,
  target: row.target,
  lane: row.lane,
  messageId: row.message_id,
  topic: row.topic,
  payload: row.payload,
  claim,
  attempt: row.attempts,
  createdAtMs: row.created_at_ms
})
