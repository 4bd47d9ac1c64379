import { eventually } from '@gatehouse/fixtures/client'
import { sql } from 'kysely'
import pg from 'pg'
import t from 'tap'
import { migrations } from '../../src/database/migrate.ts'
import { openTables } from '../../src/database/opening/open-tables.ts'
import { postgresKind, sqliteKind } from '../fixtures/database/databases.ts'
import { applied } from './fixtures/applied.ts'

t.test('SQLite: the events of a rare kind are found by their index', async (t) => {
  const database = await (await sqliteKind.make(t)).open()
  const plan = await sql<{ detail: string }>`
    explain query plan select * from audit_events
      where kind = 'key-revoked' and at_ms >= 1 order by at_ms desc limit 10`.execute(database)
  t.match(plan.rows, [
    { detail: /^SEARCH audit_events USING INDEX audit_events_by_kind \(kind=\? AND at_ms>/ }
  ])
})

t.test(
  'PostgreSQL: an upgrade builds the index of a large table while others write to it',
  { skip: postgresKind.skip },
  async (t) => {
    const { options } = await postgresKind.empty(t)
    const earlier = Object.fromEntries(
      Object.entries(migrations).filter(([name]) => name < '0025-audit-by-kind')
    )
    await (await openTables({ ...options, migrations: earlier })).destroy()
    const connect = async () => {
      const client = new pg.Client({ connectionString: options.address?.connectionString })
      await client.connect()
      t.teardown(() => client.end())
      return client
    }
    const [writer, other] = [await connect(), await connect()]
    const event = `insert into audit_events (at_ms, kind, address, request_id, detail)
      values (1, 'login', '::1', 'r', '{}')`
    await writer.query(`begin; ${event}`)
    const index = 'audit_events_by_kind on audit_events (kind, at_ms)'
    await other.query('set statement_timeout = 50')
    await t.rejects(other.query(`create index concurrently ${index}`), /statement timeout/)
    const valid = async (name = 'audit_events_by_kind') => {
      const { rows } = await other.query(
        'select indisvalid from pg_index where indexrelid = to_regclass($1)',
        [name]
      )
      return rows.map(({ indisvalid }) => indisvalid)
    }
    t.strictSame(await valid(), [false], 'an interrupted build has left it')

    const told: string[] = []
    const upgrade = async () => {
      const database = await openTables({ ...options, onWaiting: (cause) => told.push(cause) })
      t.teardown(() => database.destroy())
      return database
    }
    const upgrades = Promise.all([upgrade(), upgrade(), upgrade()])
    const waiting = () =>
      other
        .query(
          "select query from pg_stat_activity where query ~ '^(create|drop) index concurrently'"
        )
        .then(({ rows }) => rows)
    t.equal(
      (await eventually(waiting, ({ length }) => length > 0)).length,
      1,
      'one instance builds'
    )
    await eventually(
      async () => told.length,
      (count) => count === 2
    )
    const cause = 'another auth service is migrating the database'
    t.strictSame(told, [cause, cause], 'the others say what they wait for')
    await other.query(event)
    await writer.query('commit')

    const [database] = await upgrades
    t.strictSame(await valid(), [true])
    t.strictSame(await valid('audit_events_by_seq'), [true], 'with new columns')
    t.ok((await applied(database)).includes('0025-audit-by-kind'))
  }
)
