import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { changeUntold } from '../refusals.ts'
import { CLOCK_SKEW_SECONDS } from '../tokens/clock-skew.ts'
import type { RevocationWriter } from './revocation-log.ts'

/** Which access tokens of a subject say what is no longer true. In seconds since 1970. */
export type Stale = {
  /** those with an earlier `iat`; the next ones have this one or a later */
  readonly before: number
  /** when the last of them has expired by itself */
  readonly until: number
}

/**
 * Tokens that are good, and say of their user or client what was true when they were issued. A change of rights is noted with
 * the change, in its transaction, and told from there: a process that is killed in between leaves nothing untold.
 */
export type StaleTokens = {
  /** What a change that is made now makes stale. */
  now(): Stale
  /**
   * Tells gateways all that is noted.
   * @throws Refusal UNAVAILABLE where they cannot be told just now; it stays noted
   */
  tell(): Promise<void>
}

/**
 * `iat` counts whole seconds, so the rest of this one goes with it, and one more for a token that is being issued with the old
 * rights meanwhile. New tokens are dated ahead by as much, which is within what clocks may be off.
 */
export const AHEAD_SECONDS = 2

export function staleTokens(needs: {
  db: Kysely<Tables>
  revocations: RevocationWriter
  lifetimeSeconds: number
  clock: () => number
}): StaleTokens {
  const { db, revocations, lifetimeSeconds, clock } = needs
  const tellOne = async (subject: string, { before, until }: Stale): Promise<void> => {
    await revocations.append({ kind: 'subject', id: subject, until, before })
    await db
      .deleteFrom('untold_stale_tokens')
      .where('subject', '=', subject)
      // What has been noted since is another change.
      .where('before', '=', before)
      .execute()
  }
  return {
    now() {
      const before = Math.floor(clock() / 1000) + AHEAD_SECONDS
      return { before, until: before + lifetimeSeconds + CLOCK_SKEW_SECONDS }
    },
    async tell() {
      const rows = await db.selectFrom('untold_stale_tokens').selectAll().execute()
      try {
        for (const { subject, ...stale } of rows) await tellOne(subject, stale)
      } catch (error) {
        throw changeUntold(error)
      }
    }
  }
}

/** Notes it, in the transaction of the change. */
export async function noteStale(
  transaction: Kysely<Tables>,
  subject: string,
  { before, until }: Stale
): Promise<void> {
  await transaction
    .insertInto('untold_stale_tokens')
    .values({ subject, before, until })
    .onConflict((conflict) => conflict.column('subject').doUpdateSet({ before, until }))
    .execute()
}
