import { type Kysely, sql } from 'kysely'
import type { Tables } from '../database/tables.ts'

/** The events of a kind, by the interval in which they happened. */
export type KindCounts = { readonly kind: string; readonly counts: readonly number[] }

export type EventCounts = {
  /** false: there were more events, and the oldest are not counted */
  readonly isComplete: boolean
  readonly kinds: readonly KindCounts[]
}

type Intervals = {
  /** milliseconds since 1970 */
  readonly sinceMs: number
  readonly intervalMs: number
  readonly count: number
}

/** So that a busy log stays cheap to count. */
const MOST_COUNTED = 10_000

/** Counts the newest events of the audit log. */
export async function countEvents(
  db: Kysely<Tables>,
  { sinceMs, intervalMs, count }: Intervals
): Promise<EventCounts> {
  const newest = db
    .selectFrom('audit_events')
    .select(['kind', 'at_ms'])
    .where('at_ms', '>=', sinceMs)
    .orderBy('at_ms', 'desc')
    .limit(MOST_COUNTED)
  const rows = await db
    .selectFrom(newest.as('newest'))
    .select(({ fn }) => [
      'kind',
      sql<number>`cast((at_ms - ${sinceMs}) / ${sql.lit(intervalMs)} as bigint)`.as('slot'),
      fn.countAll<number>().as('events')
    ])
    .groupBy(['kind', 'slot'])
    .execute()
  const kinds = new Map<string, number[]>()
  let all = 0
  for (const { kind, slot, events } of rows) {
    const counts = kinds.get(kind) ?? Array.from({ length: count }, () => 0)
    kinds.set(kind, counts)
    const place = Math.min(Number(slot), count - 1)
    counts[place] = (counts[place] ?? 0) + Number(events)
    all += Number(events)
  }
  return {
    isComplete: all < MOST_COUNTED,
    kinds: [...kinds].map(([kind, counts]) => ({ kind, counts }))
  }
}
