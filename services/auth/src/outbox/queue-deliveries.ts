import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { ROWS_PER_STATEMENT } from '../database/statements/rows-per-statement.ts'
import type { Tables } from '../database/tables.ts'
import type { NewDelivery } from './delivery.ts'
import { laneKey, lanesOf, startLane, WAITS_MS } from './lanes.ts'

/** Queues deliveries, in the transaction of the change that they are about. */
export async function queueDeliveries(
  transaction: Kysely<Tables>,
  deliveries: readonly NewDelivery[],
  nowMs: number
): Promise<void> {
  for (let from = 0; from < deliveries.length; from += ROWS_PER_STATEMENT) {
    await queueSome(transaction, deliveries.slice(from, from + ROWS_PER_STATEMENT), nowMs)
  }
}

async function queueSome(
  transaction: Kysely<Tables>,
  deliveries: readonly NewDelivery[],
  nowMs: number
): Promise<void> {
  const rows = deliveries.map(({ messageId, recipient = null, ...delivery }) => ({
    ...delivery,
    recipient,
    id: randomUUID(),
    message_id: messageId,
    state: 'pending' as const,
    attempts: 0,
    due_at_ms: dueUnlessLaneWaits(delivery, nowMs),
    claim: null,
    created_at_ms: nowMs,
    settled_at_ms: null,
    last_fault: null,
    last_status: null
  }))
  const seen = new Set<string>()
  for (const row of rows) {
    const lane = laneKey(row)
    if (seen.has(lane)) row.due_at_ms = sql`cast(${WAITS_MS} as bigint)`
    seen.add(lane)
  }
  const queued = await transaction
    .insertInto('deliveries')
    .values(rows)
    .returning(['kind', 'target', 'lane', 'due_at_ms'])
    .execute()
  // The delivery before it may be settled at this moment.
  const waiting = queued.filter(({ due_at_ms }) => due_at_ms === WAITS_MS)
  for (const lane of lanesOf(waiting)) await startLane(transaction, lane, nowMs)
}

const dueUnlessLaneWaits = (
  { kind, target, lane }: Omit<NewDelivery, 'messageId'>,
  nowMs: number
) => sql<number>`case when exists (
    select 1 from deliveries
    where kind = ${kind} and target = ${target} and lane = ${lane} and state = 'pending'
  ) then cast(${WAITS_MS} as bigint) else cast(${nowMs} as bigint) end`
