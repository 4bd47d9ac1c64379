import type { Kysely } from 'kysely'
import { isPostgres } from '../database/postgres/is-postgres.ts'
import { ROWS_PER_STATEMENT } from '../database/statements/rows-per-statement.ts'
import type { Tables } from '../database/tables.ts'
import type { DeliveryKind, NewDelivery } from './delivery.ts'

/**
 * The due time of a delivery that waits for an earlier one of its lane: the last time that a `Date`
 * can have. So only the first delivery of a lane is ever due, and a claim reads no others, however
 * many wait.
 */
export const WAITS_MS = 8_640_000_000_000_000

export type Lane = Pick<NewDelivery, 'kind' | 'target' | 'lane'>

/**
 * Makes the first pending delivery of a lane due, if it still waits for an earlier one. A
 * transaction that queues deliveries of the lane, or settles one, does this at its end. It locks
 * that delivery until the transaction ends, so if two such transactions run at the same time, the
 * later one sees what the other did.
 */
export async function startLane(
  on: Kysely<Tables>,
  { kind, target, lane }: Lane,
  nowMs: number
): Promise<void> {
  const pending = on
    .selectFrom('deliveries')
    .select(['position', 'due_at_ms'])
    .where('kind', '=', kind)
    .where('target', '=', target)
    .where('lane', '=', lane)
    .where('state', '=', 'pending')
    .orderBy('position')
    .limit(1)
  const first = await (isPostgres(on) ? pending.forUpdate() : pending).executeTakeFirst()
  if (first?.due_at_ms !== WAITS_MS) return
  await on
    .updateTable('deliveries')
    .set({ due_at_ms: nowMs })
    .where('position', '=', first.position)
    .execute()
}

/** Names a lane, as the key of a map. */
export const laneKey = ({ kind, target, lane }: Lane): string =>
  JSON.stringify([kind, target, lane])

/** The lanes of these deliveries, each once. */
export function lanesOf(deliveries: readonly Lane[]): Lane[] {
  const lanes = deliveries.map(({ kind, target, lane }) => ({ kind, target, lane }))
  return [...new Map(lanes.map((lane) => [laneKey(lane), lane])).values()]
}

/**
 * Starts lanes in which nothing is due, such as lanes that an earlier version changed during an
 * upgrade: it does not know waiting deliveries.
 * @returns a function that looks at one batch, and says whether there may be more
 */
export function startIdleLanes(
  db: Kysely<Tables>,
  kind: DeliveryKind,
  clock: () => number,
  batch = ROWS_PER_STATEMENT
): () => Promise<boolean> {
  let after = 0
  return async () => {
    const pending = db
      .selectFrom('deliveries')
      .where('kind', '=', kind)
      .where('state', '=', 'pending')
      .where('position', '>', after)
    const last = await pending
      .select('position')
      .orderBy('position')
      .offset(batch - 1)
      .limit(1)
      .executeTakeFirst()
    const first = await waitingFirst(db, kind, { after, to: last?.position ?? null })
    for (const lane of first) {
      await db.transaction().execute((transaction) => startLane(transaction, lane, clock()))
    }
    after = last?.position ?? 0
    return last !== undefined
  }
}

/** The lanes whose first delivery is at these positions, and waits. */
async function waitingFirst(
  db: Kysely<Tables>,
  kind: DeliveryKind,
  { after, to }: { readonly after: number; readonly to: number | null }
): Promise<Lane[]> {
  return await db
    .selectFrom('deliveries as one')
    .select(['one.kind', 'one.target', 'one.lane'])
    .where('one.kind', '=', kind)
    .where('one.state', '=', 'pending')
    .where('one.due_at_ms', '=', WAITS_MS)
    .where('one.position', '>', after)
    .where('one.position', '<=', to ?? Number.MAX_SAFE_INTEGER)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('deliveries as earlier')
            .select('earlier.position')
            .whereRef('earlier.kind', '=', 'one.kind')
            .whereRef('earlier.target', '=', 'one.target')
            .where('earlier.state', '=', 'pending')
            .whereRef('earlier.lane', '=', 'one.lane')
            .whereRef('earlier.position', '<', 'one.position')
        )
      )
    )
    .execute()
}
