import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import { SIGHTINGS, sightingField } from '@gatehouse/sightings/redis-sightings'
import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { openSqlite } from '../../src/database/sqlite/open-sqlite.ts'
import { familiesKey } from '../../src/sessions/families/redis/redis-family-keys.ts'
import {
  clockFromNow,
  opening,
  otherRevocations,
  policy,
  redisStore,
  revokedSids,
  sqliteStore
} from '../fixtures/families/stores.ts'

/**
 * A newer version's change of a family's record: `record` before the change, and the record that it
 * returns.
 */
const rewritten = (change: string) => `
  local record = cmsgpack.unpack(redis.call('HGET', KEYS[1], ARGV[1]))
  ${change}
  redis.call('HSET', KEYS[1], ARGV[1], cmsgpack.pack(record))`

const WITH_FIELDS = rewritten(`
  for at = #record + 1, 11 do record[at] = 0 end
  for _, field in ipairs({ 'of 2030', 7, false, { device = 'a phone' } }) do
    record[#record + 1] = field
  end`)

/** The fields after those of this version, as JSON. */
const FIELDS = `
  local record = cmsgpack.unpack(redis.call('HGET', KEYS[1], ARGV[1]))
  return cjson.encode({ unpack(record, 12) })`

const KEPT = '["of 2030",7,false,{"device":"a phone"}]'

/** Formats that this version must not read. */
const formats = {
  numbered: "record = { -2, 'of', '2030' }",
  unnumbered: "record = { generation = 0, device = 'a phone' }",
  scalar: "record = 'of 2030'"
}

async function world(t: Test) {
  const { redis } = await redisServer(t)
  let told = 0
  const options = { policy: { ...policy, sessionsPerUser: 2 }, clock: clockFromNow() }
  const store = redisStore(redis, { ...options, onNewerFormat: () => told++ })
  const subject = randomUUID()
  const newer = (sid: string, script: string) => redis.eval(script, 1, familiesKey(subject), sid)
  return { ...options, redis, store, families: store.families, subject, newer, told: () => told }
}

const held = (redis: Redis, subject: string, sid: string) =>
  redis.hgetBuffer(familiesKey(subject), sid)

t.test('fields that a newer version added survive a rewrite', { skip: redisMissing }, async (t) => {
  const { families, subject, newer, clock } = await world(t)
  await families.open(subject, 'one', opening)
  await newer('one', WITH_FIELDS)
  const step = async (title: string, outcome: Promise<unknown>, want: unknown) => {
    t.match(await outcome, want, title)
    t.equal(await newer('one', FIELDS), KEPT, `${title}: the fields are kept`)
  }

  await step('a rotation', families.present(subject, 'one', 0), {
    outcome: 'rotated',
    after: { generation: 1, tokensNotBefore: 0, seen: false, answeredAgain: false }
  })
  await step('a replay within grace', families.present(subject, 'one', 0), { outcome: 'replayed' })
  clock.advance(20_000)
  await step('a recovery', families.present(subject, 'one', 0), {
    outcome: 'recovered',
    after: { answeredAgain: true }
  })
  await families.see(subject, 'one', 1)
  await step('a sighting', families.settleSightings(), undefined)
  t.match(await families.list(subject), [{ record: { generation: 1, seen: true } }])
  await step('the end', families.end(subject, 'one'), true)
  t.equal((await families.present(subject, 'one', 1)).outcome, 'ended')
})

t.test('a record in a newer format is refused and kept', { skip: redisMissing }, async (t) => {
  const { families, subject, newer, redis, told } = await world(t)
  await redis.hset(SIGHTINGS, 'of a newer version', '1')
  for (const [title, format] of Object.entries(formats)) {
    const opened = await families.open(subject, title, opening)
    await newer(title, rewritten(format))
    const before = await held(redis, subject, title)
    for (const known of [null, opened]) {
      await t.rejects(
        families.present(subject, title, 0, known),
        { code: 'UNAVAILABLE', status: 503, reason: /a newer version/ },
        `${title}, whether the database knows it (${known !== null})`
      )
    }
    await families.see(subject, title, 0)
    await families.settleSightings()
    t.strictSame(await held(redis, subject, title), before, `${title}: nothing has written it`)
    t.ok(
      await redis.hexists(SIGHTINGS, sightingField({ subject, sid: title })),
      `${title}: the sighting waits for the newer version`
    )
  }
  t.ok(await redis.hexists(SIGHTINGS, 'of a newer version'), 'and so does one of another form')
  t.equal(told(), 1, 'the operator is informed once')
})

t.test('the other sessions of the same user continue', { skip: redisMissing }, async (t) => {
  const { families, store, subject, newer, redis } = await world(t)
  await families.open(subject, 'newer', opening)
  await newer('newer', rewritten(formats.numbered))
  const before = await held(redis, subject, 'newer')

  for (const sid of ['one', 'two', 'three']) await families.open(subject, sid, opening)

  t.strictSame(await revokedSids(store), ['one'], 'a login evicts only what it can read')
  const { live, over, unreadable } = await families.store.list(subject)
  t.strictSame([live.length, over, unreadable], [2, ['one'], ['newer']])
  t.equal((await families.present(subject, 'two', 0)).outcome, 'rotated')
  t.strictSame(await held(redis, subject, 'newer'), before)
})

t.test('a session in a newer format can be ended', { skip: redisMissing }, async (t) => {
  const { families, store, subject, newer, redis } = await world(t)
  await families.open(subject, 'one', opening)
  await newer('one', rewritten(formats.numbered))

  t.equal(await families.end(subject, 'one'), true)

  t.strictSame(await revokedSids(store), ['one'], 'gateways refuse its access tokens')
  t.equal(await held(redis, subject, 'one'), null)
  t.equal((await families.present(subject, 'one', 0)).outcome, 'ended')
})

t.test('a log with newer entries takes further entries', { skip: redisMissing }, async (t) => {
  const { families, store, subject, redis, clock } = await world(t)
  const nowMs = clock()
  const add = (name: string, ...fields: (string | number)[]) =>
    redis.xadd(REVOCATION_STREAM, name, ...fields)
  await add(`${nowMs - 3_700_000}-0`, 'kind', 'of-2030')
  await add(`${nowMs}-0`, 'kind', 'of-2030', 'device', 'a phone')
  await families.open(subject, 'one', opening)

  t.equal(await families.end(subject, 'one'), true, 'takes further entries')

  t.strictSame(await revokedSids(store), ['one'])
  t.match(
    await otherRevocations(store),
    [{ kind: 'unreadable', id: `${nowMs}-0`, until: nowMs / 1000 + 3600, writtenKind: 'of-2030' }],
    'an entry without an end is forgotten after an hour'
  )
})

t.test('an older version works on a file that a newer one has used', async (t) => {
  const file = join(dataFolder(t), 'sessions.sqlite')
  const options = { policy, clock: clockFromNow() }
  const subject = randomUUID()
  const before = sqliteStore(t, options, file)
  await before.families.open(subject, 'one', opening)
  before.close()
  const newer = openSqlite(file)
  newer.exec("alter table families add column device text default 'a phone'")
  newer.exec("update families set device = 'a watch'")
  newer.exec("insert into revocations (kind, id, until) values ('of-2030', 'one', 2000000000)")
  newer.close()

  const after = sqliteStore(t, options, file)

  t.equal((await after.families.present(subject, 'one', 0)).outcome, 'rotated')
  t.match(await otherRevocations(after), [{ kind: 'unreadable', writtenKind: 'of-2030' }])
  after.close()
  const again = openSqlite(file)
  t.match(again.prepare('select device, generation from families').all(), [
    { device: 'a watch', generation: 1 }
  ])
  again.close()
})
