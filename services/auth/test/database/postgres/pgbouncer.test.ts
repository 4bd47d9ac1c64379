import { eventually } from '@gatehouse/fixtures/client'
import { pgbouncer, pgbouncerMissing } from '@gatehouse/fixtures/pgbouncer'
import { asked, postgresMissing, postgresServer } from '@gatehouse/fixtures/postgres-server'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import t, { type Test } from 'tap'
import { buildOnline } from '../../../src/database/index-migration.ts'
import { auditByKind } from '../../../src/database/migrations/0025-audit-by-kind.ts'
import { auditNumbers } from '../../../src/database/migrations/0033-audit-numbers.ts'
import { openTables } from '../../../src/database/opening/open-tables.ts'
import type { Tables } from '../../../src/database/tables.ts'
import { addressOf, patient } from '../../fixtures/database/databases.ts'

const skip = postgresMissing || pgbouncerMissing
const STATEMENT_MS = 5000
const LONG_MS = 20_000

function opened(t: Test, url: string, statementMs = STATEMENT_MS) {
  const address = addressOf(url)
  return openTables({ address, folder: '', poolSize: 5, statementMs, ...patient }).then(
    (database) => {
      t.teardown(() => database.destroy())
      return database
    }
  )
}

t.test('the auth service works behind PgBouncer in transaction mode', { skip }, async (t) => {
  const direct = await (await postgresServer(t)).database()
  const pooled = await pgbouncer(t, direct)

  t.test(
    'instances that start together create the tables once, and leave no lock behind',
    async (t) => {
      const databases = await Promise.all(Array.from({ length: 6 }, () => opened(t, pooled)))
      const [names] = await Promise.all(
        databases.map((database) =>
          sql<{ name: string }>`select name from kysely_migration`.execute(database)
        )
      )
      t.ok((names?.rows.length ?? 0) > 10)
      t.strictSame(await asked(direct, "select * from pg_locks where locktype = 'advisory'"), [])
    }
  )

  t.test('the index of a large table is built outside a transaction', async (t) => {
    const database = await opened(t, pooled)
    for (const migration of [auditByKind, auditNumbers]) {
      const { name } = migration.index
      await asked(direct, `drop index ${name}`)
      await buildOnline(database, migration)
      const index = `select indisvalid from pg_index where indexrelid = '${name}'::regclass`
      t.match(await asked(direct, index), [{ indisvalid: true }], name)
    }
  })

  t.test(
    'a transaction has its limits at the server, and leaves none to other clients',
    async (t) => {
      const database = await opened(t, pooled)
      const limits = await database
        .transaction()
        .execute((transaction) =>
          sql`select current_setting('statement_timeout') as statement, current_setting('idle_in_transaction_session_timeout') as idle`.execute(
            transaction
          )
        )
      t.strictSame(limits.rows, [{ statement: '4500ms', idle: '5s' }])
      t.match(await asked(pooled, 'show statement_timeout'), [{ statement_timeout: '0' }])
    }
  )

  t.test('a change that waits for a lock is not made after its client got an error', async (t) => {
    const database = await opened(t, pooled, 1000)
    const holder = new pg.Client({ connectionString: direct })
    await holder.connect()
    t.teardown(() => holder.end())
    await holder.query('begin; lock table all_tokens')
    const change = database.updateTable('all_tokens').set({ not_before: 7 }).execute()
    await t.rejects(change, { code: 'UNAVAILABLE' })
    const waiting = () =>
      asked(direct, "select 1 from pg_stat_activity where wait_event_type = 'Lock'")
    t.strictSame(await eventually(waiting, (rows) => rows.length === 0, LONG_MS), [])
    await holder.query('commit')
    const after = () => asked(direct, 'select not_before from all_tokens')
    t.match(await after(), [{ not_before: '0' }])
    await database.updateTable('all_tokens').set({ not_before: 8 }).execute()
    t.match(await after(), [{ not_before: '8' }])
  })

  t.test('no query is prepared: another client may get its session', async (t) => {
    const database = await opened(t, pooled)
    await sendOften(database)
    t.strictSame(await prepared(database), [])
  })

  t.test('an address that the pooler refuses prevents the start at once', async (t) => {
    for (const [url, message] of [
      [pooled.replace(/[^/]+$/, 'nowhere'), /no such database: nowhere \(08P01\)/],
      [pooled.replace('gatehouse@', 'nobody@'), /"trust" authentication failed|no such user/],
      [`${pooled}?options=-c%20a.b%3Dc`, /unsupported startup parameter.*Take the parameter out/],
      [`${pooled}?sslmode=require`, /does not support SSL.*sslmode=require/]
    ] as const) {
      await t.rejects(opened(t, url), { name: 'StartFault', message })
    }
  })
})

t.test(
  'without a pooler, limits and prepared statements belong to the session',
  { skip: postgresMissing },
  async (t) => {
    const direct = await (await postgresServer(t)).database()
    const database = await opened(t, direct)

    t.test('an error of the server itself, or of a pooler, is an outage', async (t) => {
      // Supavisor uses this code for "no connection in time", and PostgreSQL for its own bugs.
      const raised = sql`do $$ begin raise exception 'no connection' using errcode = 'XX000'; end $$`
      await t.rejects(raised.execute(database), { code: 'UNAVAILABLE' })
    })

    t.test('the whole session has the limits', async (t) => {
      const { rows } = await sql`show statement_timeout`.execute(database)
      t.strictSame(rows, [{ statement_timeout: '4500ms' }])
    })

    t.test(
      'a query that is sent often is prepared, and a migration does not break it',
      async (t) => {
        await sendOften(database)
        // The names belong to the process, which may have sent others to other databases.
        t.ok((await prepared(database)).includes('select * from "all_tokens"'))
        await asked(direct, 'alter table all_tokens add column later integer')
        const [row] = await database.selectFrom('all_tokens').selectAll().execute()
        t.match(row, { later: null })
      }
    )
  }
)

/** More often than a query must be sent to be prepared. */
async function sendOften(database: Kysely<Tables>): Promise<void> {
  for (let sent = 0; sent < 30; sent += 1) {
    await database.selectFrom('all_tokens').selectAll().execute()
  }
}

const prepared = async (database: Kysely<Tables>) =>
  (
    await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(database)
  ).rows.map(({ statement }) => statement)
