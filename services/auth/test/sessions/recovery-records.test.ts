import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { testClock } from '@gatehouse/fixtures/clock'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { redisSightings, SIGHTINGS } from '@gatehouse/sightings/redis-sightings'
import t from 'tap'
import { familiesKey } from '../../src/sessions/families/redis/redis-family-keys.ts'
import {
  clockFromNow,
  opening,
  policy,
  redisStore,
  sqliteStore
} from '../fixtures/families/stores.ts'
import { LATE_MS } from './fixtures/asleep.ts'

t.test(
  'Redis: a report counts before and after it is moved into the record',
  {
    skip: redisMissing
  },
  async (t) => {
    const { redis } = await redisServer(t)
    const clock = clockFromNow()
    const { families } = redisStore(redis, { policy, clock })
    const report = redisSightings(redis)
    for (const settles of [false, true]) {
      const subject = randomUUID()
      await families.open(subject, 'a', opening)
      await families.present(subject, 'a', 0)
      await report([{ subject, sid: 'a', generation: 1 }])
      if (settles) await families.settleSightings()
      t.equal(await redis.hlen(SIGHTINGS), settles ? 0 : 1)
      clock.advance(LATE_MS)
      t.equal((await families.present(subject, 'a', 0)).outcome, 'reused')
      await families.settleSightings()
    }
  }
)

t.test('Redis: reports about unknown sessions are dropped', { skip: redisMissing }, async (t) => {
  const { redis } = await redisServer(t)
  const { families } = redisStore(redis, { policy, clock: clockFromNow() })
  await redis.hset(SIGHTINGS, 'nobody somewhere', 3)
  await families.settleSightings()
  t.equal(await redis.exists(SIGHTINGS), 0)
  t.equal(await redis.exists(familiesKey('somewhere')), 0, 'and make no family')
})

t.test(
  'Redis: a record of an earlier version counts as in use',
  {
    skip: redisMissing
  },
  async (t) => {
    const { redis } = await redisServer(t)
    const clock = clockFromNow()
    const { families } = redisStore(redis, { policy, clock })
    const subject = randomUUID()
    const now = Math.floor(clock() / 1000)
    const end = now + policy.idleSeconds
    // The earlier format: ten fields, of which the label is the last.
    const pack = `redis.call('HSET', KEYS[1], 'old', cmsgpack.pack(
    {3, tonumber(ARGV[1]), tonumber(ARGV[1]) * 1000, tonumber(ARGV[2]), tonumber(ARGV[2]), 0, 0, '', '', 'a phone'}))`
    await redis.eval(pack, 1, familiesKey(subject), now, end)
    clock.advance(LATE_MS)
    t.equal((await families.present(subject, 'old', 2)).outcome, 'reused')
  }
)

t.test('SQLite: a record of an earlier version counts as in use', async (t) => {
  const clock = testClock()
  const file = `${dataFolder(t)}/sessions.sqlite`
  const subject = randomUUID()
  const now = clock() / 1000
  const before = new DatabaseSync(file)
  before.exec(`create table families (
    subject text not null, sid text not null, generation integer not null, opened_at integer not null,
    rotated_at_ms integer not null, idle_expires_at integer not null, expires_at integer not null,
    replays integer not null, ended_at integer not null, client_id text not null, scope text not null,
    label text not null, primary key (subject, sid)) strict, without rowid`)
  const end = now + policy.idleSeconds
  before
    .prepare("insert into families values (?, 'old', 3, ?, ?, ?, ?, 0, 0, '', '', 'a phone')")
    .run(subject, now, clock(), end, end)
  before.close()
  const { families } = sqliteStore(t, { policy, clock }, file)
  t.match(await families.list(subject), [{ record: { generation: 3, seen: true } }])
  t.equal((await families.present(subject, 'old', 3)).outcome, 'rotated')
  clock.advance(LATE_MS)
  t.equal((await families.present(subject, 'old', 3)).outcome, 'recovered', 'its next one is new')
})
