import { eventually } from '@gatehouse/fixtures/client'
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { Registry } from 'prom-client'
import t from 'tap'
import { auditMetrics } from '../../src/audit/audit-metrics.ts'
import { databaseStatus } from '../../src/database/database-status.ts'
import { migrations } from '../../src/database/migrate.ts'
import { type DatabaseOptions, openTables } from '../../src/database/opening/open-tables.ts'
import type { Tables } from '../../src/database/tables.ts'
import { databaseMetrics } from '../../src/database/watching/database-metrics.ts'
import { storeMetrics } from '../../src/telemetry/store-metrics.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { applied } from './fixtures/applied.ts'

/** A schema of a later version: migrations only add. */
const more: Migration = {
  async up(database) {
    await database.schema.alterTable('audit_events').addColumn('more', 'text').execute()
  }
}

for (const { name, skip, empty: make } of databaseKinds) {
  t.test(`${name}: of instances that start together, one migrates`, { skip }, async (t) => {
    const { open } = await make(t)

    const databases = await Promise.all(Array.from({ length: 5 }, () => open()))

    const [names = []] = await Promise.all(databases.map(applied))
    t.match(names, ['0001-accounts-and-keys', '0002-audit-events', '0003-machine-clients'])
    t.equal(new Set(names).size, names.length, 'each migration once')
    t.strictSame(await applied(await open()), names, 'and a later start finds nothing to do')
  })

  t.test(`${name}: a version works with the tables of a newer one`, { skip }, async (t) => {
    const { open, options } = await make(t)
    const told: (readonly string[])[] = []
    const opened = async (version: Partial<DatabaseOptions>) => {
      const database = await openTables({
        ...options,
        ...version,
        onNewer: (names) => told.push(names)
      })
      t.teardown(() => database.destroy())
      return database
    }
    const newer = { migrations: { ...migrations, '9999-more': more } }

    await open()
    const upgraded = await opened(newer)
    t.strictSame(told, [], 'a newer version on the tables of an older one')
    const rolledBack = await opened({})
    t.strictSame(told, [['9999-more']], 'an older version on the tables of a newer one')

    const at_ms = 1
    const event = { at_ms, kind: 'login' as const, subject: null, sid: null, address: '::1' }
    for (const database of [upgraded, rolledBack]) {
      await database
        .insertInto('audit_events')
        .values({ ...event, request_id: 'r', detail: '{}' })
        .execute()
    }
    const events = await rolledBack.selectFrom('audit_events').select('at_ms').execute()
    t.equal(events.length, 2, 'both write and read')
    const status = await databaseStatus(rolledBack)()
    t.match(status.at(0), { name: '0001-accounts-and-keys', appliedAt: /^\d{4}-/, known: true })
    t.match(status.at(-1), { name: '9999-more', appliedAt: /^\d{4}-/, known: false })
    t.equal(status.length, Object.keys(migrations).length + 1)
  })

  t.test(
    `${name}: the metrics show calls, and connections that are all taken`,
    { skip },
    async (t) => {
      const { options } = await make(t)
      const registry = new Registry()
      const metrics = databaseMetrics(registry, storeMetrics(registry), auditMetrics(registry))
      const database = await openTables({ ...options, poolSize: 1, metrics })
      t.teardown(() => database.destroy())
      const values = async (metric: string) => {
        const found = await registry.getSingleMetric(`auth_${metric}`)?.get()
        return found?.values.filter(({ value }) => value !== 0) ?? []
      }
      const read = (from: Kysely<Tables>) => from.selectFrom('accounts').select('id').execute()
      const taken = Promise.withResolvers<void>()
      const free = Promise.withResolvers<void>()
      const first = database.transaction().execute(async (transaction) => {
        await read(transaction)
        taken.resolve()
        await free.promise
      })
      await taken.promise
      const second = read(database)
      if (options.address !== null) {
        const waiting = () => values('database_calls_waiting')
        t.match(await eventually(waiting, ({ length }) => length > 0), [{ value: 1 }])
        t.match(await values('database_connections'), [{ value: 1 }])
        t.match(await values('database_connections_limit'), [{ value: 1 }])
        t.strictSame(await values('database_connections_idle'), [])
      }
      free.resolve()
      await Promise.all([first, second])
      await database
        .with('none', (cte) => cte.selectFrom('accounts').select('id').where('id', '=', ''))
        .deleteFrom('accounts')
        .where('id', 'in', ({ selectFrom }) => selectFrom('none').select('none.id'))
        .execute()
      const durations = await values('store_call_duration_seconds')
      const calls = new Set(durations.map(({ labels }) => labels.call))
      for (const call of ['connect', 'begin', 'select', 'delete', 'commit'])
        t.ok(calls.has(call), call)
      t.strictSame(await values('store_call_errors_total'), [])
    }
  )

  t.test(
    `${name}: a database that a version from another branch has migrated is a start fault`,
    { skip },
    async (t) => {
      const { open, options } = await make(t)
      await open()
      const { '0002-audit-events': _, ...others } = migrations
      await t.rejects(openTables({ ...options, migrations: others }), {
        name: 'StartFault',
        message: /has the migration 0002-audit-events, which this version does not know/
      })
      const inserted = { ...migrations, '0002-and-more': more }
      await t.rejects(openTables({ ...options, migrations: inserted }), {
        name: 'StartFault',
        message: /has the migration 0002-audit-events, but not 0002-and-more/
      })
    }
  )

  t.test(`${name}: a big integer is a number`, { skip }, async (t) => {
    const database = await (await make(t)).open()
    const at_ms = 1_800_000_000_123
    const event = { at_ms, kind: 'login' as const, subject: null, sid: null, address: '::1' }
    await database
      .insertInto('audit_events')
      .values({ ...event, request_id: 'r', detail: '{}' })
      .execute()
    const row = await database.selectFrom('audit_events').select('at_ms').executeTakeFirst()
    t.equal(row?.at_ms, at_ms)
  })
  t.test(`${name}: values that it cannot store are refused before a query`, { skip }, async (t) => {
    const database = await (await make(t)).open()
    const find = (subject: string, at_ms = 0) =>
      database
        .selectFrom('audit_events')
        .select('at_ms')
        .where('subject', '=', subject)
        .where('at_ms', '>=', at_ms)
        .execute()
    const refused = { code: 'INVALID_REQUEST', status: 400 }
    for (const text of ['a\0b', '\0', 'a\ud800', '\udfffa']) await t.rejects(find(text), refused)
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -1e300]) {
      await t.rejects(find('a', number), refused)
    }
    t.strictSame(await find('👩‍👦 \u0001', Number.MAX_SAFE_INTEGER), [])
  })
}
