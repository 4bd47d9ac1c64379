import type { Kysely, Transaction } from 'kysely'
import { OPERATOR_ADDRESS } from '../../audit/audit-event.ts'
import { scrub } from '../../database/statements/scrub.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * How many events of a deleted account one transaction erases. A user has as many events as there
 * were logins, and a statement has little time; SQLite also blocks the event loop meanwhile.
 */
const BATCH = 200
/** how many batches follow each other before other work gets its turn */
const BATCHES = 20

/** Notes that the traces of an account are to be erased, in the transaction that deletes it. */
export async function noteErasure(transaction: Kysely<Tables>, subject: string): Promise<void> {
  await transaction
    .insertInto('erasures')
    .values({ subject, done_to_ms: 0 })
    .onConflict((conflict) => conflict.column('subject').doNothing())
    .execute()
}

/**
 * Erases traces of deleted accounts: the network addresses in their audit events, and the labels of
 * their devices. Most accounts have few, so the request that deletes the account does it all. If
 * there are many, the background work of any instance erases the rest.
 * @returns whether there may be more
 */
export async function eraseTraces(db: Kysely<Tables>): Promise<boolean> {
  let batches = 0
  for (; batches < BATCHES; batches += 1) {
    // An account with few traces does not wait for one with many.
    const noted = await db
      .selectFrom('erasures')
      .select('subject')
      .orderBy('done_to_ms')
      .limit(1)
      .executeTakeFirst()
    if (noted === undefined) break
    await db.transaction().execute((transaction) => eraseSome(transaction, noted.subject))
    await new Promise(setImmediate)
  }
  if (batches > 0) await scrub(db)
  return batches === BATCHES
}

async function eraseSome(transaction: Transaction<Tables>, subject: string): Promise<void> {
  // The update locks the row, so that another instance waits, and then takes the next batch.
  const row = await transaction
    .updateTable('erasures')
    .set(({ ref }) => ({ done_to_ms: ref('done_to_ms') }))
    .where('subject', '=', subject)
    .returning('done_to_ms')
    .executeTakeFirst()
  if (row === undefined) return
  const after = row.done_to_ms
  const last = await transaction
    .selectFrom('audit_events')
    .select('at_ms')
    .where('subject', '=', subject)
    .where('at_ms', '>', after)
    .orderBy('at_ms')
    .offset(BATCH - 1)
    .limit(1)
    .executeTakeFirst()
  // Events have no key, so all events of the same millisecond belong to one batch.
  const events = { subject, after, to: last?.at_ms ?? Number.MAX_SAFE_INTEGER }
  await eraseLabels(transaction, events)
  await transaction
    .updateTable('audit_events')
    // Once the salt is erased too, nobody can find the address by trying all addresses.
    .set({ address: '', address_salt: null })
    .where('subject', '=', subject)
    .where('at_ms', '>', events.after)
    .where('at_ms', '<=', events.to)
    .where('address', 'not in', ['', OPERATOR_ADDRESS])
    .execute()
  if (last === undefined) {
    await transaction.deleteFrom('erasures').where('subject', '=', subject).execute()
    return
  }
  await transaction
    .updateTable('erasures')
    .set({ done_to_ms: events.to })
    .where('subject', '=', subject)
    .execute()
}

/** Events of an account, later than `after`, and up to `to`; in milliseconds since 1970. */
type Events = { readonly subject: string; readonly after: number; readonly to: number }

/**
 * An earlier version kept the labels of ended sessions, even in the session store. `untold` makes
 * the auth service end these sessions there again, which erases their labels. The sessions are
 * found by their logins, because only open sessions have an index by user.
 */
async function eraseLabels(
  transaction: Kysely<Tables>,
  { subject, after, to }: Events
): Promise<void> {
  await transaction
    .updateTable('sessions')
    .set({ label: '', untold: 1 })
    .where('label', '!=', '')
    .where('sid', 'in', ({ selectFrom }) =>
      selectFrom('audit_events')
        .select('sid')
        .where('subject', '=', subject)
        .where('at_ms', '>', after)
        .where('at_ms', '<=', to)
        .where('kind', '=', 'login')
        .where('sid', 'is not', null)
        .$castTo<{ sid: string }>()
    )
    .execute()
}
