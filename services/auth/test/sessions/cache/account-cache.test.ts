import { testClock } from '@gatehouse/fixtures/clock'
import { Registry } from 'prom-client'
import t from 'tap'
import type { Changes } from '../../../src/database/changed-accounts.ts'
import { accountCache } from '../../../src/sessions/cache/account-cache.ts'
import { cacheMetrics } from '../../../src/sessions/cache/cache-metrics.ts'
import { stateOf } from './fixtures/state-of.ts'

const CHANGES: Changes = { subjects: [], next: 1, forgotten: 0, lineage: 'one', server: 'one' }
const ADA = { subject: 'ada', sid: 's' }

/** A cache whose database answers as the test says. */
function cacheOf(size = 10) {
  const clock = testClock()
  const database = {
    state: stateOf('ada', 1),
    server: 'one',
    changes: CHANGES as Changes | null,
    tracked: [] as boolean[],
    isDue: false,
    reads: 0
  }
  const registry = new Registry()
  const measure = cacheMetrics(registry)
  const cache = accountCache({
    read: async () => ({ ...database.state, server: database.server }),
    changes: { read: async () => database.changes },
    marks: { own: () => 'the only one' },
    size,
    isDue: () => database.isDue,
    clock,
    monotonicClock: clock,
    onTracking: (isTracked) => database.tracked.push(isTracked),
    count: (source) => {
      measure(source)
      if (source === 'database') database.reads += 1
    }
  })
  /** Refreshes, and returns how often the database was asked for the state. */
  const refresh = async () => {
    const before = database.reads
    const found = await cache.find('ada', 's')
    await cache.confirm(found, ADA, undefined)
    // A read of the changes may have begun.
    await new Promise(setImmediate)
    return database.reads - before
  }
  /** how many states came from the database, and how many from memory */
  const counted = async () => {
    const text = await registry.metrics()
    return ['database', 'memory'].map((source) =>
      Number(
        new RegExp(`^auth_refresh_account_reads_total{source="${source}"} (.*)$`, 'm').exec(
          text
        )?.[1]
      )
    )
  }
  return { clock, database, refresh, counted }
}

t.test('a state is remembered once the changes can be followed', async (t) => {
  const { database, refresh, counted } = cacheOf()
  t.equal(await refresh(), 1)
  t.equal(await refresh(), 1, 'the changes were not read before the state')
  t.equal(await refresh(), 0)
  t.strictSame(await counted(), [2, 1])
  database.isDue = true
  t.equal(await refresh(), 1, 'the database must learn of the use')
})

t.test('what refuses a refresh is never remembered', async (t) => {
  const usable = stateOf('ada', 1)
  const { account, session } = usable
  for (const state of [
    { account: null, session },
    { account: { ...account, disabled: true }, session },
    { account, session: null },
    { account, session: { ...session, ended: true } }
  ]) {
    const { database, refresh } = cacheOf()
    await refresh()
    database.state = state as typeof usable
    for (let turn = 0; turn < 3; turn += 1) t.equal(await refresh(), 1)
  }
})

t.test('a state of another server than that of the changes is not remembered', async (t) => {
  const { database, refresh } = cacheOf()
  database.server = 'a former primary server, which does not know that it is one'
  for (let turn = 0; turn < 4; turn += 1) t.equal(await refresh(), 1)
})

t.test('states of a server that has taken over are remembered, too', async (t) => {
  const { clock, database, refresh } = cacheOf()
  t.equal(await refresh(), 1, 'nothing is remembered yet')
  database.server = 'two'
  database.changes = { ...CHANGES, lineage: 'two', server: 'two' }
  clock.advance(1000)
  t.equal(await refresh(), 1, 'the changes were read from the former server')
  t.equal(await refresh(), 1)
  t.equal(await refresh(), 0)
})

t.test('everything is dropped if changes may have been missed', async (t) => {
  const missed: Partial<Changes>[] = [
    { lineage: 'two' },
    { next: 0 },
    { forgotten: 2 },
    { subjects: ['*'] },
    { subjects: ['ada'] }
  ]
  for (const change of missed) {
    const { clock, database, refresh } = cacheOf()
    for (let turn = 0; turn < 3; turn += 1) await refresh()
    database.changes = { ...CHANGES, ...change }
    clock.advance(1000)
    t.equal(await refresh(), 1, JSON.stringify(change))
  }
})

t.test('without triggers, the database is asked, and the log says so once', async (t) => {
  const { clock, database, refresh } = cacheOf()
  for (let turn = 0; turn < 3; turn += 1) await refresh()
  database.changes = null
  for (let turn = 0; turn < 3; turn += 1) {
    clock.advance(1000)
    t.equal(await refresh(), 1)
  }
  t.strictSame(database.tracked, [false])
  database.changes = CHANGES
  clock.advance(1000)
  for (let turn = 0; turn < 2; turn += 1) await refresh()
  t.equal(await refresh(), 0)
  t.strictSame(database.tracked, [false, true])
})

t.test('with the size 0, each refresh asks the database', async (t) => {
  const { refresh } = cacheOf(0)
  for (let turn = 0; turn < 4; turn += 1) t.equal(await refresh(), 1)
})
