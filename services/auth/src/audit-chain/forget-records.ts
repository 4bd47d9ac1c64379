import { dueRecords } from '@gatehouse/audit-chain/due-records'
import type { SignedHead } from '@gatehouse/audit-chain/signed-head'
import type { Kysely, Transaction } from 'kysely'
import type { Cleanup } from '../background/retention.ts'
import { ROWS_PER_STATEMENT } from '../database/statements/rows-per-statement.ts'
import type { Tables } from '../database/tables.ts'
import { lockChain, readChain } from './chain-rows.ts'

type ForgetOptions = {
  readonly db: Kysely<Tables>
  /** the newest head that this instance has signed or verified; null: none yet */
  readonly newest: () => SignedHead | null
  /** earlier heads may be deleted; milliseconds since 1970 */
  readonly keptSinceMs: () => number
}

/**
 * Deletes records from the beginning of the chain, as far as the newest head states that they are
 * due. The place of the last one is kept as the anchor, from which the rest still verifies.
 */
export const forgetRecords =
  ({ db, newest, keptSinceMs }: ForgetOptions): Cleanup =>
  async () => {
    const head = newest()
    const dueSeq = head === null ? 0 : (dueRecords(head)?.seq ?? 0)
    const { anchor_seq } = await readChain(db)
    // The lock of the chain is taken only if there is something to delete.
    if (dueSeq <= anchor_seq) return false
    const beforeMs = keptSinceMs()
    return await db.transaction().execute((on) => forgetSome(on, dueSeq, beforeMs))
  }

async function forgetSome(
  transaction: Transaction<Tables>,
  dueSeq: number,
  beforeMs: number
): Promise<boolean> {
  const { anchor_seq } = await lockChain(transaction)
  const rows = await transaction
    .selectFrom('audit_events')
    .select(['seq', 'digest'])
    .where('seq', '>', anchor_seq)
    .where('seq', '<=', dueSeq)
    .orderBy('seq')
    .limit(ROWS_PER_STATEMENT)
    .execute()
  const last = rows.at(-1)
  if (last === undefined) return false
  const seq = last.seq ?? 0
  await transaction.deleteFrom('audit_events').where('seq', '<=', seq).execute()
  await transaction
    .updateTable('audit_chain')
    .set({ anchor_seq: seq, anchor_digest: last.digest ?? '' })
    .execute()
  await transaction
    .deleteFrom('audit_heads')
    // The newest old one stays: it shows that the deleted records were old.
    .where('number', '<', ({ selectFrom, fn }) =>
      selectFrom('audit_heads')
        .select(fn.max('number').as('newest'))
        .where('seq', '<=', seq)
        .where('at_ms', '<', beforeMs)
    )
    .execute()
  return rows.length === ROWS_PER_STATEMENT
}
