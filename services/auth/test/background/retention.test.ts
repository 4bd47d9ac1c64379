import { testClock } from '@gatehouse/fixtures/clock'
import type { Kysely } from 'kysely'
import t from 'tap'
import { chainEvents } from '../../src/audit-chain/chain-events.ts'
import { forgetRecords } from '../../src/audit-chain/forget-records.ts'
import { type Cleanup, retention } from '../../src/background/retention.ts'
import type { Tables } from '../../src/database/tables.ts'
import { forgetSessions } from '../../src/sessions/durable/forget-sessions.ts'
import { databaseKinds, sqliteKind, type TestDatabase } from '../fixtures/database/databases.ts'

const DAY_MS = 86_400_000
const AUDIT_DAYS = 400
const ACCEPTED_SECONDS = 360
/** as in src/database/statements/rows-per-statement.ts */
const BATCH = 500
const ROUND_MS = 1000
/** as in src/retention.ts */
const PAUSE_MS = 60_000

const event = (at_ms: number, number: number) => ({
  at_ms,
  kind: 'login' as const,
  subject: null,
  sid: null,
  address: '::1',
  detail: '{}',
  request_id: `${number}`
})

const session = (sid: string, expires_at: number, ended_at_ms: number | null) => ({
  sid,
  subject: 'a user',
  opened_at: 0,
  used_at: 0,
  client_id: '',
  scope: '',
  label: '',
  expires_at,
  ended_at_ms,
  untold: 0
})

async function keeper(
  { open }: TestDatabase,
  auditDays = AUDIT_DAYS,
  also: readonly Cleanup[] = []
) {
  const database: Kysely<Tables> = await open()
  const clock = testClock()
  let isClockRight = true
  let expired = 0
  const onExpired = (count: number): void => {
    expired += count
  }
  const forget = retention({
    cleanups: [
      forgetSessions(database, { acceptedSeconds: async () => ACCEPTED_SECONDS, onExpired, clock }),
      forgetRecords(database, auditDays, clock),
      ...also
    ],
    isClockRight: () => isClockRight,
    monotonicClock: clock
  })
  return {
    database,
    clock,
    expired: () => expired,
    distrustClock() {
      isClockRight = false
    },
    async round() {
      clock.advance(ROUND_MS)
      await forget()
    },
    chain: () => chainEvents(database),
    async events(): Promise<string[]> {
      const rows = await database.selectFrom('audit_events').select('request_id').execute()
      return rows.map(({ request_id }) => request_id)
    },
    async sids(): Promise<string[]> {
      const rows = await database.selectFrom('sessions').select('sid').orderBy('sid').execute()
      return rows.map(({ sid }) => sid)
    }
  }
}

for (const { name, skip, make } of databaseKinds) {
  t.test(`${name}: events that are too old are deleted in batches`, { skip }, async (t) => {
    const { database, clock, round, events, chain } = await keeper(await make(t))
    clock.advance(PAUSE_MS)
    const oldMs = clock() - AUDIT_DAYS * DAY_MS
    const old = Array.from({ length: 2 * BATCH + 7 }, (_, number) => event(oldMs - number, number))
    await database.insertInto('audit_events').values(old).execute()
    const young = [event(oldMs + 10 * ROUND_MS, 9001), event(clock(), 9002)]
    await database.insertInto('audit_events').values(young).execute()
    await chain()

    await round()
    t.equal((await events()).length, BATCH + 7 + 2, 'one batch in a round')
    t.notOk((await events()).includes(`${2 * BATCH + 6}`), 'the oldest first')
    await round()
    await round()
    t.strictSame(await events(), ['9001', '9002'])

    for (let count = 0; count < 10; count += 1) await round()
    t.strictSame(await events(), ['9001', '9002'], 'where nothing was left it pauses')
    clock.advance(PAUSE_MS)
    await round()
    t.strictSame(await events(), ['9002'])
  })

  t.test(
    `${name}: a session is kept as long as one of its tokens may be valid`,
    { skip },
    async (t) => {
      const { database, clock, round, sids, expired } = await keeper(await make(t))
      clock.advance(PAUSE_MS)
      const now = Math.floor(clock() / 1000)
      const kept = now - 3600 - ACCEPTED_SECONDS + 60
      const rows = [
        session('a: lives', now + 60, null),
        session('b: has ended, and its tokens have a good MAC', now + 60, clock() - 90 * DAY_MS),
        session('c: has expired just now', now - 1, null),
        session('d: has ended, and its access token may be accepted', kept, (kept - 1) * 1000),
        session('e: too old', kept - 120, null),
        session('f: too old, has ended', kept - 120, (kept - 900) * 1000)
      ]
      const many = Array.from({ length: BATCH }, (_, at) => session(`old ${at}`, 1000, null))
      await database.insertInto('sessions').values(rows.concat(many)).execute()

      await round()
      t.equal((await sids()).length, rows.length, 'one batch, the oldest first')
      await round()
      t.strictSame(
        (await sids()).map(([letter]) => letter),
        ['a', 'b', 'c', 'd']
      )
      t.equal(expired(), BATCH + 1, 'those that nothing had ended before')
    }
  )

  t.test(`${name}: a clock that may be wrong deletes nothing`, { skip }, async (t) => {
    const { database, clock, round, events, sids, distrustClock } = await keeper(await make(t))
    await database
      .insertInto('audit_events')
      .values([event(0, 1)])
      .execute()
    await database
      .insertInto('sessions')
      .values([session('old', 1000, null)])
      .execute()
    await round()
    t.strictSame([await events(), await sids()], [['1'], ['old']], 'nor does the first minute')
    distrustClock()
    clock.advance(PAUSE_MS)
    await round()
    t.strictSame([await events(), await sids()], [['1'], ['old']])
  })

  t.test(`${name}: with 0 days, the audit log is kept forever`, { skip }, async (t) => {
    const { database, clock, round, events } = await keeper(await make(t), 0)
    await database
      .insertInto('audit_events')
      .values([event(0, 1)])
      .execute()
    clock.advance(PAUSE_MS)
    await round()
    t.strictSame(await events(), ['1'])
  })
}

t.test('if one kind of old data cannot be deleted, the others still are', async (t) => {
  let asked = 0
  const others = [
    () => Promise.reject(new Error('too slow')),
    async () => {
      asked += 1
      return false
    }
  ]
  const { clock, round } = await keeper(await sqliteKind.make(t), AUDIT_DAYS, others)
  clock.advance(PAUSE_MS)
  await t.rejects(round(), { message: 'too slow' })
  await t.rejects(round(), { message: 'too slow' }, 'which is tried again after a second')
  t.equal(asked, 2)
})
