import { type Kysely, sql } from 'kysely'
import { isPostgres } from './postgres/is-postgres.ts'
import type { Tables } from './tables.ts'

/** What access tokens say about an account, and what decides whether it gets any. */
const OF_ACCOUNT =
  'id email roles scope claims provided password_version disabled_at tokens_not_before rights_version'.split(
    ' '
  )
/** The same of a session. Not `used_at`, which most refreshes of a busy session would change. */
const OF_SESSION =
  'sid subject opened_at expires_at client_id scope label ended_at_ms amr authenticated_at'.split(
    ' '
  )

/** Creates the triggers that note the accounts whose state changes. */
export async function noteChanges(database: Kysely<unknown>): Promise<void> {
  if (isPostgres(database as Kysely<Tables>)) await onPostgres(database)
  else await onSqlite(database)
}

/** `place` is the transaction: rows become visible in another order than that of a sequence. */
async function onPostgres(database: Kysely<unknown>): Promise<void> {
  await sql`create table changed_accounts (
    place bigint not null default (pg_current_xact_id()::text::bigint),
    subject text not null)`.execute(database)
  // There is no unique key, which could make the change of an account fail.
  await sql`alter table changed_accounts replica identity full`.execute(database)
  await sql`create index changed_accounts_place on changed_accounts (place)`.execute(database)
  // With the rights of its owner: a person who may change an account needs no right on this table.
  await sql`create function note_changed_account() returns trigger language plpgsql
    security definer set search_path = pg_catalog, pg_temp as $$
    declare changed text := '*';
    begin
      if tg_op <> 'TRUNCATE' then
        if tg_table_name = 'accounts' then changed := old.id; else changed := old.subject; end if;
      end if;
      execute format('insert into %I.changed_accounts (subject) values ($1)', tg_table_schema)
        using changed;
      return null;
    end $$`.execute(database)
  const differs = (columns: readonly string[]) =>
    `(${of('old', columns)}) is distinct from (${of('new', columns)})`
  const live = 'old.ended_at_ms is null and old.expires_at > extract(epoch from now())'
  await trigger(database, 'accounts', 'update', `for each row when (${differs(OF_ACCOUNT)})`)
  await trigger(database, 'accounts', 'delete', 'for each row')
  await trigger(database, 'accounts', 'truncate', 'for each statement')
  await trigger(database, 'sessions', 'update', `for each row when (${differs(OF_SESSION)})`)
  await trigger(database, 'sessions', 'delete', `for each row when (${live})`)
  await trigger(database, 'sessions', 'truncate', 'for each statement')
}

const of = (row: string, columns: readonly string[]): string =>
  columns.map((column) => `${row}.${column}`).join(', ')

/** It also fires for changes that a replication or a session with its role applies. */
async function trigger(
  database: Kysely<unknown>,
  table: string,
  change: string,
  when: string
): Promise<void> {
  const name = `changed_account_${change}`
  await sql
    .raw(
      `create trigger ${name} after ${change} on ${table} ${when}
        execute function note_changed_account()`
    )
    .execute(database)
  await sql.raw(`alter table ${table} enable always trigger ${name}`).execute(database)
}

/** One writer at a time, so `place` is the order in which rows become visible. */
async function onSqlite(database: Kysely<unknown>): Promise<void> {
  await sql`create table changed_accounts (
    place integer primary key autoincrement,
    subject text not null)`.execute(database)
  const differs = (columns: readonly string[]) =>
    columns.map((column) => `old.${column} is not new.${column}`).join(' or ')
  const changes = [
    ['accounts', 'update', differs(OF_ACCOUNT), 'old.id'],
    ['accounts', 'delete', 'true', 'old.id'],
    ['sessions', 'update', differs(OF_SESSION), 'old.subject'],
    [
      'sessions',
      'delete',
      "old.ended_at_ms is null and old.expires_at > strftime('%s', 'now') + 0",
      'old.subject'
    ]
  ]
  for (const [table, change, when, subject] of changes) {
    await sql
      .raw(
        `create trigger changed_account_${table}_${change} after ${change} on ${table} when ${when}
          begin insert into changed_accounts (subject) values (${subject}); end`
      )
      .execute(database)
  }
}
