import { type Kysely, sql, type Transaction } from 'kysely'
import type { By, RequestSource } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import { rememberedSeconds } from './remembered-seconds.ts'
import type { RevocationWriter } from './revocation-log.ts'
import { changeUntold } from './revocation-refusals.ts'
import { AHEAD_SECONDS } from './stale-ahead.ts'
import { noteTold, toldRun } from './told-run.ts'

/** Which access tokens of a subject are outdated. In seconds since 1970. */
export type Stale = {
  /** tokens with an earlier `iat` are stale; new ones have this `iat` or a later one */
  readonly before: number
  /** when the last stale token has expired */
  readonly until: number
}

/**
 * Valid tokens with outdated rights. A change of rights is noted in its transaction, and told to
 * gateways from that note. So a process that is killed in between leaves nothing untold.
 */
export type StaleTokens = {
  /** The tokens that a change made now makes stale. */
  now(): Stale
  /**
   * Makes every token with an `iat` before `before` (s) stale, of any subject, in one transaction
   * with the event. Does not tell gateways.
   */
  makeAllStale(before: number, source: RequestSource): Promise<void>
  /** Tokens of any subject with an earlier `iat` (s) are stale; 0 if none is. */
  allNotBefore(): Promise<number>
  /**
   * Tells gateways everything that is noted.
   * @throws Refusal UNAVAILABLE if they cannot be told at the moment; the notes stay
   */
  tell(): Promise<void>
  /** Notes again every change that still affects valid tokens, because the log may have lost it. */
  retell(): Promise<void>
}

/** Instead of a subject: every token is meant. Subjects are UUIDs. */
const EVERYTHING = 'everything'

type StaleTokensOptions = {
  readonly db: Kysely<Tables>
  readonly revocations: RevocationWriter
  readonly lifetimeSeconds: number
  /** the longest lifetime of the tokens that a published key may have signed */
  readonly longestTokenSeconds: () => Promise<number>
  readonly clock: () => number
}

export function staleTokens(options: StaleTokensOptions): StaleTokens {
  const { db, lifetimeSeconds, clock } = options
  const stale = (before: number): Stale => ({
    before,
    until: before + rememberedSeconds(lifetimeSeconds)
  })
  return {
    now: () => stale(Math.floor(clock() / 1000) + AHEAD_SECONDS),
    makeAllStale: (before, source) =>
      db
        .transaction()
        .execute((transaction) => makeAllStale(transaction, stale(before), { source, clock })),
    allNotBefore: () => allTokensNotBefore(db),
    tell: () => tellNoted(options),
    async retell() {
      const since =
        Math.floor(clock() / 1000) - rememberedSeconds(await options.longestTokenSeconds())
      await noteAgain(db, since, stale)
    }
  }
}

async function makeAllStale(
  transaction: Transaction<Tables>,
  stale: Stale,
  { source, clock }: By
): Promise<void> {
  await transaction
    .updateTable('all_tokens')
    .set({ not_before: stale.before })
    .where('not_before', '<', stale.before)
    .execute()
  await noteStale(transaction, EVERYTHING, stale, 0)
  const event = { kind: 'tokens-revoked', subject: null, sid: null, source } as const
  await writeAudit(transaction, event, clock())
}

async function allTokensNotBefore(db: Kysely<Tables>): Promise<number> {
  const { not_before } = await db
    .selectFrom('all_tokens')
    .select('not_before')
    .executeTakeFirstOrThrow()
  return not_before
}

async function tellNoted(options: StaleTokensOptions): Promise<void> {
  const { db, revocations, longestTokenSeconds } = options
  const noted = await db.selectFrom('untold_stale_tokens').selectAll().execute()
  if (noted.length === 0) return
  const longest = await longestTokenSeconds()
  try {
    for (const { subject, before, until, rights_version: version } of noted) {
      const last = Math.max(until, before + rememberedSeconds(longest))
      await tellOne(db, revocations, subject, { before, until: last }, version)
    }
  } catch (error) {
    throw changeUntold(error)
  }
}

/** Tells gateways what is noted for a subject, and deletes the note. */
async function tellOne(
  db: Kysely<Tables>,
  revocations: RevocationWriter,
  subject: string,
  { before, until }: Stale,
  version: number
): Promise<void> {
  const run = await toldRun(db)
  await revocations.append(
    subject === EVERYTHING
      ? { kind: EVERYTHING, id: EVERYTHING, until, before }
      : { kind: 'subject', id: subject, until, before, version }
  )
  await noteTold(db, run, (transaction) =>
    transaction
      .deleteFrom('untold_stale_tokens')
      .where('subject', '=', subject)
      // A later note belongs to another change.
      .where('before', '=', before)
      .where('rights_version', '=', version)
      .execute()
  )
}

/** Notes again every change since this second. */
async function noteAgain(
  db: Kysely<Tables>,
  since: number,
  stale: (before: number) => Stale
): Promise<void> {
  for (const table of ['accounts', 'clients'] as const) {
    const rows = await db
      .selectFrom(table)
      .select(['id', 'tokens_not_before', 'rights_version'])
      .where('tokens_not_before', '>', since)
      .execute()
    for (const row of rows) {
      await noteStale(db, row.id, stale(row.tokens_not_before), row.rights_version)
    }
  }
  const all = await allTokensNotBefore(db)
  if (all > since) await noteStale(db, EVERYTHING, stale(all), 0)
}

/**
 * Notes stale tokens, in the transaction of the change.
 * @param version the owner's rights version after the change; 0 if every token is meant
 */
export async function noteStale(
  transaction: Kysely<Tables>,
  subject: string,
  { before, until }: Stale,
  version: number
): Promise<void> {
  await transaction
    .insertInto('untold_stale_tokens')
    .values({ subject, before, until, rights_version: version })
    .onConflict((conflict) =>
      conflict.column('subject').doUpdateSet({
        before: larger('untold_stale_tokens.before', before),
        until: larger('untold_stale_tokens.until', until),
        rights_version: larger('untold_stale_tokens.rights_version', version)
      })
    )
    .execute()
}

/** PostgreSQL calls this `greatest`, SQLite `max`. */
const larger = (column: string, value: number) =>
  sql<number>`case when ${sql.ref(column)} < ${value} then ${value} else ${sql.ref(column)} end`

/**
 * The columns that a change of rights also sets. If two instances have different clocks, the later
 * second counts.
 */
export const otherRights = ({ before }: Stale) => ({
  tokens_not_before: larger('tokens_not_before', before),
  rights_version: sql<number>`rights_version + 1`
})
