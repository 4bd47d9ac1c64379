import { isUnavailable } from '@gatehouse/problem/refusal'
import { EVERYTHING } from '@gatehouse/revocation/revocation'
import { type Kysely, type OnConflictBuilder, sql, type Transaction } from 'kysely'
import type { By, RequestSource } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import { greater } from '../database/statements/greater.ts'
import { ROWS_PER_STATEMENT } from '../database/statements/rows-per-statement.ts'
import type { Tables } from '../database/tables.ts'
import { rememberedSeconds } from './remembered-seconds.ts'
import type { RevocationWriter } from './revocation-log.ts'
import { changeUnpublished } from './revocation-refusals.ts'
import { AHEAD_SECONDS } from './stale-ahead.ts'
import { currentRun, notePublished } from './store-run.ts'

/** Which access tokens of a subject are outdated. In seconds since 1970. */
export type Stale = {
  /** tokens with an earlier `iat` are stale; new ones have this `iat` or a later one */
  readonly before: number
  /** when the last stale token has expired */
  readonly until: number
}

/**
 * Valid tokens with outdated rights. A change of rights is recorded in its transaction, and
 * published to the gateways from that record. So nothing is lost if a process is killed in between.
 */
export type StaleTokens = {
  /** The tokens that a change made now makes stale. */
  now(): Stale
  /**
   * Makes every token with an `iat` before `before` (s) stale, of any subject, in one transaction
   * with the event. Does not publish it to the gateways.
   */
  makeAllStale(before: number, source: RequestSource): Promise<void>
  /** Tokens of any subject with an earlier `iat` (s) are stale; 0 if none is. */
  allNotBefore(): Promise<number>
  /**
   * Publishes the recorded change of a subject to the gateways, or that of every token
   * (`EVERYTHING` instead of a subject, which is a UUID). Other records, of which there can be
   * thousands, do not delay it.
   * @throws Refusal UNAVAILABLE if the revocation log cannot be written; the record stays
   */
  publish(subject: string): Promise<void>
  /** Publishes the oldest ROWS_PER_STATEMENT records of any subject; throws as `publish`. */
  publishNoted(): Promise<void>
  /**
   * Whether each recorded change that makes tokens with an earlier `iat` (s) stale is published.
   */
  arePublished(before: number): Promise<boolean>
  /** Records again every change that still affects valid tokens: the log may have lost it. */
  republish(): Promise<void>
}

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
    publish: (subject) => publishNoted(options, notes(db).where('subject', '=', subject)),
    publishNoted: () =>
      publishNoted(options, notes(db).orderBy('before').limit(ROWS_PER_STATEMENT)),
    arePublished: async (before) =>
      (await notes(db).where('before', '<=', before).limit(1).execute()).length === 0,
    async republish() {
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

const notes = (db: Kysely<Tables>) => db.selectFrom('untold_stale_tokens').selectAll()

async function publishNoted(
  { db, revocations, longestTokenSeconds }: StaleTokensOptions,
  query: ReturnType<typeof notes>
): Promise<void> {
  const noted = await query.execute()
  if (noted.length === 0) return
  const longest = await longestTokenSeconds()
  try {
    for (const { subject, before, until, rights_version: version } of noted) {
      const last = Math.max(until, before + rememberedSeconds(longest))
      await publishOne(db, revocations, subject, { before, until: last }, version)
    }
  } catch (error) {
    throw isUnavailable(error) ? changeUnpublished(error) : error
  }
}

/** Publishes the recorded change of a subject to the gateways, and deletes the record. */
async function publishOne(
  db: Kysely<Tables>,
  revocations: RevocationWriter,
  subject: string,
  { before, until }: Stale,
  version: number
): Promise<void> {
  const run = await currentRun(db)
  await revocations.append(
    subject === EVERYTHING
      ? { kind: EVERYTHING, id: EVERYTHING, until, before }
      : { kind: 'subject', id: subject, until, before, version }
  )
  await notePublished(db, run, (transaction) =>
    transaction
      .deleteFrom('untold_stale_tokens')
      .where('subject', '=', subject)
      // A later note belongs to another change.
      .where('before', '=', before)
      .where('rights_version', '=', version)
      .execute()
  )
}

/**
 * Records again every change since this second. There can be thousands, so the database copies
 * them.
 */
async function noteAgain(
  db: Kysely<Tables>,
  since: number,
  stale: (before: number) => Stale
): Promise<void> {
  const { until: remembered } = stale(0)
  for (const table of ['accounts', 'clients'] as const) {
    await db
      .insertInto('untold_stale_tokens')
      .columns(['subject', 'before', 'until', 'rights_version'])
      .expression((query) =>
        query
          .selectFrom(table)
          .select(['id', 'tokens_not_before'])
          .select(sql<number>`tokens_not_before + ${sql.lit(remembered)}`.as('until'))
          .select('rights_version')
          .where('tokens_not_before', '>', since)
      )
      .onConflict(keepStricter)
      .execute()
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
    .onConflict(keepStricter)
    .execute()
}

const keepStricter = (conflict: OnConflictBuilder<Tables, 'untold_stale_tokens'>) => {
  const larger = (column: string) =>
    greater(`untold_stale_tokens.${column}`, sql.ref(`excluded.${column}`))
  return conflict.column('subject').doUpdateSet({
    before: larger('before'),
    until: larger('until'),
    rights_version: larger('rights_version')
  })
}

/**
 * The columns that a change of rights also sets. If two instances have different clocks, the later
 * second counts.
 */
export const otherRights = ({ before }: Stale) => ({
  tokens_not_before: greater('tokens_not_before', before),
  rights_version: sql<number>`rights_version + 1`
})
