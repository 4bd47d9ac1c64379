import type { ChainPlace } from '@gatehouse/audit-chain/chain-record'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

const PAGE = 200

/**
 * Passes over events that have the next numbers already. Only a person who can write the database
 * can have given them these, or have moved the end of the chain back. The chain goes on after them,
 * and verification reports them unless they fit.
 * @returns a function that takes the last place, and returns the one that the next event follows
 */
export function takenNumbers(db: Kysely<Tables>): (place: ChainPlace) => Promise<ChainPlace> {
  let taken: readonly ChainPlace[] | null = null
  return async (from) => {
    let place = from
    for (;;) {
      taken ??= await placesAfter(db, place.seq)
      const next = taken.find(({ seq }) => seq > place.seq)
      if (next === undefined && taken.length === PAGE) {
        taken = null
        continue
      }
      if (next?.seq !== place.seq + 1) return place
      place = next
    }
  }
}

async function placesAfter(db: Kysely<Tables>, after: number): Promise<ChainPlace[]> {
  const rows = await db
    .selectFrom('audit_events')
    .select(['seq', 'digest'])
    .where('seq', '>', after)
    .where('seq', '<=', Number.MAX_SAFE_INTEGER)
    .orderBy('seq')
    .limit(PAGE)
    .execute()
  return rows.map(({ seq, digest }) => ({ seq: seq ?? 0, digest: digest ?? '' }))
}
