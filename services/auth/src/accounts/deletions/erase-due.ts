import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import { SCHEDULE_ADDRESS } from '../../audit/audit-event.ts'
import type { Tables } from '../../database/tables.ts'
import { cancelDeletion } from '../changes/cancel-deletion.ts'
import type { Change } from '../changes/change.ts'
import { eraseAccount } from '../changes/erase-account.ts'
import { lockAccount } from '../lock-account.ts'
import { dueAccounts } from './coming-deletions.ts'

/** How many accounts one round deletes, each in its own transaction. */
const MOST_OF_ROUND = 50

/**
 * Deletes accounts whose users asked for it, once their time to change their mind is over. Other
 * instances may do the same. A disabled account stays: an operator may need what is known of it.
 * An account that cannot be deleted keeps no other one from it.
 * @returns whether there may be more
 * @throws the first fault, after all were tried
 */
export async function eraseDue(
  db: Kysely<Tables>,
  { stale, clock }: Pick<Change, 'stale' | 'clock'>
): Promise<boolean> {
  const due = await dueAccounts(db, Math.floor(clock() / 1000))
    .select('id')
    .orderBy('delete_after')
    .limit(MOST_OF_ROUND)
    .execute()
  const source = { address: SCHEDULE_ADDRESS, requestId: randomUUID() }
  const faults: unknown[] = []
  for (const { id } of due) {
    await db
      .transaction()
      .execute((transaction) => eraseIfDue(transaction, id, { stale, source, clock }))
      .catch((error: unknown) => faults.push(error))
  }
  if (faults.length > 0) throw faults[0]
  return due.length === MOST_OF_ROUND
}

async function eraseIfDue(transaction: Kysely<Tables>, id: string, change: Change): Promise<void> {
  await lockAccount(transaction, id)
  const nowMs = change.clock()
  const now = Math.floor(nowMs / 1000)
  const row = await dueAccounts(transaction, now)
    .select('id')
    .where('id', '=', id)
    .executeTakeFirst()
  // A login has kept it meanwhile, or another instance has deleted it.
  if (row === undefined) return
  const session = await transaction
    .selectFrom('sessions')
    .select('sid')
    .where('subject', '=', id)
    .where('ended_at_ms', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  if (session === undefined) {
    await eraseAccount(transaction, id, change)
    return
  }
  // An instance of an earlier version has signed the user in since, and does not know that this
  // keeps the account.
  await cancelDeletion(transaction, { subject: id, sid: session.sid, source: change.source }, nowMs)
}
