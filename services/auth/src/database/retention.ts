import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

export type Retention = {
  /** how long the audit log is kept, in days; 0: for ever */
  readonly auditDays: number
  /** how long an access token may be accepted after it was issued, in seconds */
  readonly revocationSeconds: number
  readonly clock: () => number
  /** whether `clock` is to be believed: nothing is deleted by a wrong one */
  readonly isClockRight: () => boolean
  /** what else is to be forgotten */
  readonly also: readonly Forget[]
}

/** Deletes some of what is too old. Whether there is more. */
type Forget = () => Promise<boolean>

/** how many are deleted in one statement: others write the same tables meanwhile */
const BATCH = 500
const DAY_MS = 86_400_000
/** how long an expired session is kept, for clocks that are behind */
const CLOCKS_APART_SECONDS = 3600

/**
 * Sessions that have expired. Until then one that has ended is kept, too: its refresh tokens still have a good MAC, and a session
 * store that came back with an old copy may know it as live. Afterwards for as long as its last access token is accepted, of which
 * a session store that has lost its log must be told.
 */
function forgetSessions(db: Kysely<Tables>, { revocationSeconds, clock }: Retention): Forget {
  return async () => {
    const seconds = Math.floor(clock() / 1000)
    const before = seconds - CLOCKS_APART_SECONDS - revocationSeconds
    const { numDeletedRows } = await db
      .deleteFrom('sessions')
      .where('sid', 'in', (select) =>
        select
          .selectFrom('sessions')
          .select('sid')
          .where('expires_at', '<', before)
          .orderBy('expires_at')
          .limit(BATCH)
      )
      .executeTakeFirstOrThrow()
    return numDeletedRows === BigInt(BATCH)
  }
}

/** Events of the audit log that are older than they are to be kept. */
function forgetEvents(db: Kysely<Tables>, { auditDays, clock }: Retention): Forget {
  return async () => {
    if (auditDays === 0) return false
    const before = clock() - auditDays * DAY_MS
    const old = db.selectFrom('audit_events').where('at_ms', '<', before)
    // Events have no key. Those of the same millisecond are deleted together.
    const last = await old
      .select('at_ms')
      .orderBy('at_ms')
      .offset(BATCH - 1)
      .limit(1)
      .executeTakeFirst()
    await db
      .deleteFrom('audit_events')
      .where('at_ms', '<=', last?.at_ms ?? before)
      .where('at_ms', '<', before)
      .execute()
    return last !== undefined
  }
}

/** between rounds that leave nothing; also before the first, in which a machine that has just started may set its clock */
const PAUSE_MS = 60_000

/**
 * Background work that deletes one batch of each in a round, and pauses where no more is left.
 * @returns a function that does one round
 */
export function forgetTooOld(db: Kysely<Tables>, retention: Retention): () => Promise<void> {
  const { clock, isClockRight, also } = retention
  const forgets = [forgetSessions(db, retention), forgetEvents(db, retention), ...also]
  let dueAtMs = clock() + PAUSE_MS
  return async () => {
    if (!isClockRight() || clock() < dueAtMs) return
    let isMore = false
    for (const forget of forgets) isMore = (await forget()) || isMore
    if (!isMore) dueAtMs = clock() + PAUSE_MS
  }
}
