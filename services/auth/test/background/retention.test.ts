import { testClock } from '@gatehouse/fixtures/clock'
import type { Kysely } from 'kysely'
import t from 'tap'
import { type Cleanup, retention } from '../../src/background/retention.ts'
import type { Tables } from '../../src/database/tables.ts'
import { forgetSessions } from '../../src/sessions/durable/forget-sessions.ts'
import { databaseKinds, sqliteKind, type TestDatabase } from '../fixtures/database/databases.ts'

const DAY_MS = 86_400_000
const ACCEPTED_SECONDS = 360
/** as in src/database/statements/rows-per-statement.ts */
const BATCH = 500
const ROUND_MS = 1000
/** as in src/retention.ts */
const PAUSE_MS = 60_000

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

async function keeper({ open }: TestDatabase, also: readonly Cleanup[] = []) {
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
    async sids(): Promise<string[]> {
      const rows = await database.selectFrom('sessions').select('sid').orderBy('sid').execute()
      return rows.map(({ sid }) => sid)
    }
  }
}

for (const { name, skip, make } of databaseKinds) {
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
    const { database, clock, round, sids, distrustClock } = await keeper(await make(t))
    await database
      .insertInto('sessions')
      .values([session('old', 1000, null)])
      .execute()
    await round()
    t.strictSame(await sids(), ['old'], 'nor does the first minute')
    distrustClock()
    clock.advance(PAUSE_MS)
    await round()
    t.strictSame(await sids(), ['old'])
  })

  t.test(
    `${name}: a round that leaves nothing to delete is followed by a pause`,
    { skip },
    async (t) => {
      const { database, clock, round, sids } = await keeper(await make(t))
      clock.advance(PAUSE_MS)
      await round()
      await database
        .insertInto('sessions')
        .values([session('old', 1000, null)])
        .execute()
      for (let count = 0; count < 10; count += 1) await round()
      t.strictSame(await sids(), ['old'])
      clock.advance(PAUSE_MS)
      await round()
      t.strictSame(await sids(), [])
    }
  )
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
  const { clock, round } = await keeper(await sqliteKind.make(t), others)
  clock.advance(PAUSE_MS)
  await t.rejects(round(), { message: 'too slow' })
  await t.rejects(round(), { message: 'too slow' }, 'which is tried again after a second')
  t.equal(asked, 2)
})
