import { join } from 'node:path'
import { testClock } from '@gatehouse/fixtures/clock'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import type { RevocationBatch } from '@gatehouse/revocation/revocation'
import t, { type Test } from 'tap'
import { openSqlite } from '../../src/database/sqlite/open-sqlite.ts'
import { sqliteRevocations } from '../../src/revocations/sqlite-revocations.ts'

const REMEMBERED_SECONDS = 360
const clock = testClock()
const until = clock() / 1000 + REMEMBERED_SECONDS

function log(t: Test, { file = ':memory:', beatMs = 60_000 } = {}) {
  const database = openSqlite(file)
  const monotonicClock = testClock(0)
  const revocations = sqliteRevocations(database, REMEMBERED_SECONDS, beatMs, monotonicClock)
  const stop = new AbortController()
  // A waiting follower does not keep a process running, so the test does.
  const alive = setInterval(() => {}, 60_000)
  t.teardown(() => {
    clearInterval(alive)
    stop.abort()
    database.close()
  })
  return {
    database,
    revocations,
    monotonicClock,
    stop,
    end(sid: string, at = clock()) {
      revocations.append(sid, at)
      revocations.announce()
    },
    follow: (cursor: string | null) =>
      revocations.follow(cursor, stop.signal)[Symbol.asyncIterator]()
  }
}

const sids = ({ value }: IteratorResult<RevocationBatch>) =>
  value.entries.map(({ id }: { id: string }) => id)

t.test('a follower gets existing entries, then new ones', async (t) => {
  const { end, follow } = log(t)
  end('before')
  const followed = follow(null)

  const { value } = await followed.next()
  t.strictSame(value.entries, [{ kind: 'session', id: 'before', until }])
  const next = followed.next()
  end('after')
  t.strictSame(sids(await next), ['after'], 'as it comes, and once')
})

t.test('a follower of an empty log learns at once that it is empty', async (t) => {
  const { value } = await log(t).follow(null).next()
  t.strictSame(value.entries, [])
})

t.test('a follower that was disconnected continues from its cursor', async (t) => {
  const { end, follow } = log(t)
  end('seen')
  const { cursor } = (await follow(null).next()).value
  end('missed')
  end('missed too')

  t.strictSame(sids(await follow(cursor).next()), ['missed', 'missed too'])
})

t.test('an entry between two reads is not missed', async (t) => {
  const { end, follow } = log(t)
  const followed = follow(null)
  await followed.next()
  end('while the follower was busy')
  t.strictSame(sids(await followed.next()), ['while the follower was busy'])
})

t.test('a follower of an idle log regularly learns that the log is available', async (t) => {
  const { end, follow } = log(t, { beatMs: 1 })
  end('before')
  const followed = follow(null)
  const { cursor } = (await followed.next()).value
  t.strictSame((await followed.next()).value, {
    entries: [],
    cursor,
    caughtUp: true,
    heartbeatAgeMs: 0
  })
})

t.test('a log of an earlier version can still be read', async (t) => {
  const file = join(dataFolder(t), 'sessions.sqlite')
  const before = openSqlite(file)
  before.exec(`create table revocations (
    position integer primary key autoincrement, kind text not null, id text not null, until integer not null
  ) strict`)
  before.exec(`insert into revocations (kind, id, until) values ('session', 'old', ${until})`)
  before.close()
  const { revocations, follow } = log(t, { file })
  revocations.write({ kind: 'subject', id: 'ada', until, before: 7 }, clock())
  t.strictSame((await follow(null).next()).value.entries, [
    { kind: 'session', id: 'old', until },
    { kind: 'subject', id: 'ada', until, before: 7 }
  ])
})

t.test('every follower gets new entries', async (t) => {
  const { end, follow } = log(t)
  const followers = [follow(null), follow(null)]
  for (const follower of followers) await follower.next()
  const nexts = followers.map((follower) => follower.next())
  end('one')
  t.strictSame((await Promise.all(nexts)).map(sids), [['one'], ['one']])
})

t.test('a stopped follower ends, even while it waits', async (t) => {
  const { stop, follow } = log(t)
  const followed = follow(null)
  await followed.next()
  const next = followed.next()
  stop.abort()
  t.strictSame(await next, { done: true, value: undefined })
})

t.test('an entry is forgotten when the last token that it revokes has expired', async (t) => {
  const { end, follow, monotonicClock } = log(t)
  const rememberedMs = REMEMBERED_SECONDS * 1000
  const left = async () => sids(await follow(null).next())
  end('old')
  end('at its end', clock() + 1)
  monotonicClock.advance(rememberedMs)
  end('new', clock() + rememberedMs + 1000)
  t.strictSame(await left(), ['old', 'at its end', 'new'])
  monotonicClock.advance(rememberedMs)
  end('later', clock() + rememberedMs + 1000)
  t.strictSame(await left(), ['at its end', 'new', 'later'])
})

t.test('a wall clock that jumps ahead removes no entry', async (t) => {
  const { end, follow, monotonicClock } = log(t)
  end('old')
  for (const step of [1, 2]) {
    monotonicClock.advance(REMEMBERED_SECONDS * 999)
    end(`ahead ${step}`, clock() + 3_600_000)
  }
  t.strictSame(sids(await follow(null).next()), ['old', 'ahead 1', 'ahead 2'])
})

t.test('a cursor never goes back, even if the log was emptied', async (t) => {
  const { database, end, follow } = log(t)
  end('old')
  const { cursor } = (await follow(null).next()).value
  database.exec('delete from revocations')
  end('new')
  t.strictSame(sids(await follow(cursor).next()), ['new'])
})
