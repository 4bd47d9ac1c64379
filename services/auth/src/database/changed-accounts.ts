import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isPostgres } from './postgres/is-postgres.ts'
import { ROWS_PER_STATEMENT } from './statements/rows-per-statement.ts'
import type { Tables } from './tables.ts'

/** instead of an account, if all may have changed */
export const EVERY_ACCOUNT = '*'

/** one read returns at most this number; more mean that any account may have changed */
const MOST_CHANGES = 1000

/** What has changed since a place in the order of changes. */
export type Changes = {
  /** ids of accounts, or `EVERY_ACCOUNT`; the same id may come again in a later read */
  readonly subjects: readonly string[]
  /** where the next read begins: each earlier change is visible to this read, or never will be */
  readonly next: number
  /** changes before this place may have been deleted */
  readonly forgotten: number
  /** the run of the server and the version of the triggers, by which reads can be compared */
  readonly lineage: string
  /** the run of the server */
  readonly server: string
}

/** The accounts whose state has changed, as the triggers of migration 0044 note them. */
export type ChangedAccounts = {
  /**
   * @param from `next` of an earlier read; null: no changes, only the current place
   * @returns null if a trigger is missing or turned off, so that changes may not have been noted
   * @throws Refusal UNAVAILABLE
   */
  read(from: number | null): Promise<Changes | null>
  /** Deletes a batch of the changes before a place. Returns whether there may be more. */
  forget(before: number): Promise<boolean>
}

type Row = {
  readonly subject: string | null
  readonly next: number
  readonly forgotten: number
  readonly server: string
  readonly version: string | null
  readonly triggers: number
}

/**
 * The run of the server. Two servers, or one before and after a restart, differ. A file has no
 * server.
 */
export const serverRun = (db: Kysely<Tables>): RawBuilder<string> =>
  isPostgres(db) ? sql<string>`pg_postmaster_start_time()::text` : sql<string>`''`

export function changedAccounts(db: Kysely<Tables>): ChangedAccounts {
  const state = isPostgres(db) ? stateOfPostgres : stateOfSqlite
  const expected = isPostgres(db) ? 6 : 4
  return {
    async read(from) {
      const { rows } = await sql<Row>`select state.*, changed.subject,
          (select before from forgotten_changes) as forgotten
        from (select ${serverRun(db)} as server, ${state}) as state
        left join (
          select subject from changed_accounts where place >= ${from ?? Number.MAX_SAFE_INTEGER}
          limit ${sql.lit(MOST_CHANGES + 1)}
        ) as changed on true`.execute(db)
      const [first] = rows
      if (first === undefined || first.forgotten === null || first.triggers !== expected)
        return null
      const { next, forgotten, server, version } = first
      const subjects = rows.flatMap(({ subject }) => subject ?? [])
      const isTooMany = subjects.length > MOST_CHANGES
      return {
        subjects: isTooMany ? [EVERY_ACCOUNT] : subjects,
        next,
        forgotten,
        lineage: `${server} ${version}`,
        server
      }
    },
    async forget(before) {
      // First: who sees that a change is deleted must see this.
      await db
        .updateTable('forgotten_changes')
        .set({ before })
        .where('before', '<', before)
        .execute()
      const { numDeletedRows } = await db
        .deleteFrom('changed_accounts')
        .where('place', 'in', ({ selectFrom }) =>
          selectFrom('changed_accounts')
            .select('place')
            .where('place', '<', before)
            .orderBy('place')
            .limit(ROWS_PER_STATEMENT)
        )
        .executeTakeFirstOrThrow()
      return numDeletedRows >= BigInt(ROWS_PER_STATEMENT)
    }
  }
}

/**
 * Every transaction before the oldest running one has ended. The names of tables are looked up
 * each time: a restored table has the same name, and other triggers.
 */
const stateOfPostgres = sql`
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint as next,
  (select string_agg(oid::text || '/' || xmin::text || tgenabled::text, ' ' order by oid)
    from pg_trigger where tgrelid in (to_regclass('accounts'), to_regclass('sessions'))) as version,
  (select count(*)::integer from pg_trigger
    where tgrelid in (to_regclass('accounts'), to_regclass('sessions'))
      and tgname like 'changed_account_%' and tgenabled = 'A') as triggers`

const stateOfSqlite = sql`
  coalesce((select seq from sqlite_sequence where name = 'changed_accounts'), 0) + 1 as next,
  (select schema_version from pragma_schema_version) as version,
  (select count(*) from sqlite_schema
    where type = 'trigger' and name like 'changed_account_%') as triggers`
