import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { DeliveryKind } from './delivery.ts'

const deliveriesOf = (db: Kysely<Tables>, kind: DeliveryKind, state: 'pending' | 'dead') =>
  db.selectFrom('deliveries').where('kind', '=', kind).where('state', '=', state)

/**
 * How many deliveries have this state.
 * @param most the count stops here, so that it stays cheap
 */
export async function countDeliveries(
  db: Kysely<Tables>,
  kind: DeliveryKind,
  state: 'pending' | 'dead',
  most: number
): Promise<number> {
  const { count } = await db
    .selectFrom(deliveriesOf(db, kind, state).select('position').limit(most).as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** When the oldest pending delivery was queued, in milliseconds since 1970; null: none is. */
export async function oldestPending(
  db: Kysely<Tables>,
  kind: DeliveryKind
): Promise<number | null> {
  const first = await deliveriesOf(db, kind, 'pending')
    .select('created_at_ms')
    .orderBy('position')
    .limit(1)
    .executeTakeFirst()
  return first?.created_at_ms ?? null
}
