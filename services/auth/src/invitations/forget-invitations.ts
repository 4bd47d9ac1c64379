import type { Kysely } from 'kysely'
import type { Cleanup } from '../background/retention.ts'
import { forgetExpired } from '../database/statements/delete-expired.ts'
import type { Tables } from '../database/tables.ts'
import { DAY_SECONDS } from '../day.ts'

/** how long the list shows an invitation after it has expired */
const KEPT_SECONDS = 30 * DAY_SECONDS

/** Deletes invitations that expired a month ago, in any state. */
export const forgetInvitations =
  (db: Kysely<Tables>, clock: () => number): Cleanup =>
  () =>
    forgetExpired(db, 'invitations', Math.floor(clock() / 1000) - KEPT_SECONDS)
