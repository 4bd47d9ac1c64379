import type { Kysely, Transaction } from 'kysely'
import type { Cleanup } from '../background/retention.ts'
import { ROWS_PER_STATEMENT } from '../database/statements/rows-per-statement.ts'
import type { Tables } from '../database/tables.ts'
import { keptSince } from './audit-chain.ts'
import { lockChain, readChain } from './chain-rows.ts'

/**
 * Deletes old events from the beginning of the chain. The place of the last one is kept as the
 * anchor, from which the rest still verifies.
 * @param days how long events are kept; 0: forever
 */
export const forgetRecords =
  (db: Kysely<Tables>, days: number, clock: () => number): Cleanup =>
  async () => {
    if (days === 0) return false
    const nowMs = clock()
    const times = { nowMs, beforeMs: keptSince(days, nowMs) }
    const { anchor_seq } = await readChain(db)
    // The lock of the chain is taken only if there is something to delete.
    if ((await oldRecords(db, anchor_seq, times, 1)).length === 0) return false
    return await db.transaction().execute((transaction) => forgetSome(transaction, times))
  }

/** Now, and the time before which events are old; milliseconds since 1970. */
type Times = { readonly nowMs: number; readonly beforeMs: number }

async function forgetSome(transaction: Transaction<Tables>, times: Times): Promise<boolean> {
  const { beforeMs } = times
  const { anchor_seq } = await lockChain(transaction)
  const old = await oldRecords(transaction, anchor_seq, times, ROWS_PER_STATEMENT)
  const last = old.at(-1)
  if (last === undefined) return false
  await transaction.deleteFrom('audit_events').where('seq', '<=', last.seq).execute()
  await transaction
    .updateTable('audit_chain')
    .set({ anchor_seq: last.seq, anchor_digest: last.digest })
    .execute()
  await transaction
    .deleteFrom('audit_heads')
    // The newest old one stays: it shows that the deleted records were old.
    .where('number', '<', ({ selectFrom, fn }) =>
      selectFrom('audit_heads')
        .select(fn.max('number').as('newest'))
        .where('seq', '<=', last.seq)
        .where('at_ms', '<', beforeMs)
    )
    .execute()
  return old.length === ROWS_PER_STATEMENT
}

/** The first records, as far as all of them are old. */
async function oldRecords(
  db: Kysely<Tables>,
  after: number,
  { nowMs, beforeMs }: Times,
  limit: number
): Promise<{ seq: number; digest: string }[]> {
  const rows = await db
    .selectFrom('audit_events')
    .select(['seq', 'digest', 'at_ms'])
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute()
  // A clock that was ahead may have dated an event too late. The event is old if a head that covers
  // it is old. No other one is: a person who can write the database can date a head back.
  const head = await db
    .selectFrom('audit_heads')
    .select('seq')
    .where('at_ms', '<', beforeMs)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  const isOld = ({ seq, at_ms }: (typeof rows)[number]) =>
    at_ms < beforeMs || (at_ms > nowMs && (seq ?? 0) <= (head?.seq ?? 0))
  const young = rows.findIndex((row) => !isOld(row))
  return rows
    .slice(0, young === -1 ? undefined : young)
    .map(({ seq, digest }) => ({ seq: seq ?? 0, digest: digest ?? '' }))
}
