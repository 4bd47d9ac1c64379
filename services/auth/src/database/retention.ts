import type { Kysely } from 'kysely'
import { ROWS_PER_STATEMENT } from './rows-per-statement.ts'
import type { Tables } from './tables.ts'

export type Retention = {
  /** how long the audit log is kept, in days; 0: forever */
  readonly auditDays: number
  /** how long an access token may be accepted after it was issued, in seconds */
  readonly revocationSeconds: number
  readonly clock: () => number
  /** whether `clock` can be trusted: a wrong clock must not delete anything */
  readonly isClockRight: () => boolean
  /** what else to delete */
  readonly also: readonly Forget[]
  /** is called with the number of deleted sessions that nothing had ended before they expired */
  readonly onExpired?: (count: number) => void
}

/** Deletes some of the old data. Returns whether there is more. */
type Forget = () => Promise<boolean>

const DAY_MS = 86_400_000
/** how long an expired session is kept, for clocks that are behind */
const CLOCKS_APART_SECONDS = 3600

/** Where each table that has `expires_at` has its key. */
const keys = { sessions: 'sid', invitations: 'id' } as const

/** Deletes the rows that expired before this second: the oldest ones, one batch. */
const deleteExpired = (db: Kysely<Tables>, table: keyof typeof keys, before: number) =>
  db
    .deleteFrom(table)
    .where(keys[table], 'in', (select) =>
      select
        .selectFrom(table)
        .select(keys[table])
        .where('expires_at', '<', before)
        .orderBy('expires_at')
        .limit(ROWS_PER_STATEMENT)
    )

/**
 * Deletes expired sessions. An ended session is kept until it expires: its refresh tokens still
 * have a valid MAC, and a session store that came back with an old copy may know it as live. After
 * that, it is kept as long as its last access token is accepted, because it must be published again
 * to a session store that has lost its log.
 */
function forgetSessions(db: Kysely<Tables>, retention: Retention): Forget {
  const { revocationSeconds, clock, onExpired = () => {} } = retention
  return async () => {
    const seconds = Math.floor(clock() / 1000)
    const before = seconds - CLOCKS_APART_SECONDS - revocationSeconds
    const deleted = await deleteExpired(db, 'sessions', before).returning('ended_at_ms').execute()
    onExpired(deleted.filter(({ ended_at_ms }) => ended_at_ms === null).length)
    return deleted.length === ROWS_PER_STATEMENT
  }
}

/** how long the list shows an invitation after it has expired */
const INVITATIONS_KEPT_SECONDS = 30 * 86_400

/** Invitations that expired a month ago, in any state. */
function forgetInvitations(db: Kysely<Tables>, { clock }: Retention): Forget {
  return async () => {
    const before = Math.floor(clock() / 1000) - INVITATIONS_KEPT_SECONDS
    const { numDeletedRows } = await deleteExpired(
      db,
      'invitations',
      before
    ).executeTakeFirstOrThrow()
    return numDeletedRows === BigInt(ROWS_PER_STATEMENT)
  }
}

/** Deletes events of the audit log that are older than the setting allows. */
function forgetEvents(db: Kysely<Tables>, { auditDays, clock }: Retention): Forget {
  return async () => {
    if (auditDays === 0) return false
    const before = clock() - auditDays * DAY_MS
    const old = db.selectFrom('audit_events').where('at_ms', '<', before)
    // Events have no key, so all events of the same millisecond are deleted together.
    const last = await old
      .select('at_ms')
      .orderBy('at_ms')
      .offset(ROWS_PER_STATEMENT - 1)
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

/**
 * between rounds that leave nothing to delete; also before the first round, in which a machine that
 * has just started may set its clock
 */
const PAUSE_MS = 60_000

/**
 * Background work that deletes one batch of each kind per round, and pauses if there is nothing
 * more.
 * @returns a function that does one round, and throws the first fault afterwards
 */
export function forgetTooOld(db: Kysely<Tables>, retention: Retention): () => Promise<void> {
  const { clock, isClockRight, also } = retention
  const forgets = [
    forgetSessions(db, retention),
    forgetEvents(db, retention),
    forgetInvitations(db, retention),
    ...also
  ]
  let dueAtMs = clock() + PAUSE_MS
  return async () => {
    if (!isClockRight() || clock() < dueAtMs) return
    let isMore = false
    const faults: unknown[] = []
    for (const forget of forgets) {
      try {
        isMore = (await forget()) || isMore
      } catch (error) {
        // One kind may need longer than a statement has. The others are still deleted.
        faults.push(error)
      }
    }
    if (faults.length > 0) throw faults[0]
    if (!isMore) dueAtMs = clock() + PAUSE_MS
  }
}
