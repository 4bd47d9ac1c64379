import type { Kysely } from 'kysely'
import type { Cleanup } from '../../background/retention.ts'
import { deleteExpired } from '../../database/statements/delete-expired.ts'
import { ROWS_PER_STATEMENT } from '../../database/statements/rows-per-statement.ts'
import type { Tables } from '../../database/tables.ts'

type SessionRetention = {
  /** How long an access token may be accepted after it was issued, in seconds. */
  acceptedSeconds(): Promise<number>
  /** is called with the number of deleted sessions that nothing had ended before they expired */
  readonly onExpired: (count: number) => void
  readonly clock: () => number
}

/** how long an expired session is kept, for clocks that are behind */
const CLOCKS_APART_SECONDS = 3600

/**
 * Deletes expired sessions. An ended session is kept until it expires: its refresh tokens still
 * have a valid MAC, and a session store that came back with an old copy may know it as live. After
 * that, it is kept as long as its last access token is accepted, because it must be published again
 * to a session store that has lost its log.
 */
export const forgetSessions =
  (db: Kysely<Tables>, { acceptedSeconds, onExpired, clock }: SessionRetention): Cleanup =>
  async () => {
    const seconds = Math.floor(clock() / 1000)
    const before = seconds - CLOCKS_APART_SECONDS - (await acceptedSeconds())
    const deleted = await deleteExpired(db, 'sessions', before).returning('ended_at_ms').execute()
    onExpired(deleted.filter(({ ended_at_ms }) => ended_at_ms === null).length)
    return deleted.length === ROWS_PER_STATEMENT
  }
