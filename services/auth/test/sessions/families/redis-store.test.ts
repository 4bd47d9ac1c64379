import { randomUUID } from 'node:crypto'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import type { Redis } from 'ioredis'
import t from 'tap'
import { keyWithdrawals, redisKeyWithdrawals } from '../../../src/keys/key-withdrawals.ts'
import { fixedPartitions } from '../../../src/redis/session-partitions.ts'
import { parseKeyRing } from '../../../src/secrets/key-ring.ts'
import { randomSecret } from '../../../src/secrets/secrets.ts'
import { mintRefreshToken, newFamily, sessionId } from '../../../src/sessions/refresh-token.ts'
import { source } from '../../fixtures/families/family-steps.ts'
import { clockFromNow, opening, policy, redisStore } from '../../fixtures/families/stores.ts'

const options = { skip: redisMissing }

/** Everything in the server as bytes, as someone sees it who steals its files. */
async function dump(redis: Redis): Promise<Buffer> {
  const parts: Buffer[] = []
  for (const key of await redis.keys('*')) {
    parts.push(Buffer.from(key))
    const type = await redis.type(key)
    if (type === 'hash')
      parts.push(...Object.entries(await redis.hgetallBuffer(key)).flatMap(bytes))
    else if (type === 'stream')
      parts.push(Buffer.from(JSON.stringify(await redis.xrange(key, '-', '+'))))
    else parts.push(Buffer.from((await redis.get(key)) ?? ''))
  }
  return Buffer.concat(parts)
}

const bytes = ([field, value]: [string, Buffer]) => [Buffer.from(field), value]

t.test('the data in Redis is not enough to make a token', options, async (t) => {
  const { redis } = await redisServer(t)
  const { families } = redisStore(redis, { policy, clock: clockFromNow() })
  const ring = parseKeyRing(`1:${randomSecret()}`)
  const token = { subject: randomUUID(), family: newFamily(), generation: 0 }
  const sid = sessionId(token.family)
  await families.open(token.subject, sid, opening)
  await families.present(token.subject, sid, 0)
  await families.open(token.subject, 'another', opening)
  await families.end(token.subject, 'another')

  const held = await dump(redis)

  t.ok(held.includes(sid), 'it holds the public id')
  const { family } = token
  for (const generation of [0, 1]) {
    const text = mintRefreshToken({ ...token, generation }, ring)
    t.notOk(held.includes(text), `no token of generation ${generation}`)
    t.notOk(held.includes(Buffer.from(text, 'base64url').subarray(38)), 'nor its MAC')
  }
  t.notOk(held.includes(family), "nor the family's secret id")
  t.notOk(held.includes(family.toString('base64url')), 'nor a spelling of it')
  t.notOk(held.includes(family.toString('hex')))
  t.notOk(held.includes(ring.newest.secret.export()), 'nor the key')
})

t.test('Redis stores the short form of a session label', options, async (t) => {
  const { redis } = await redisServer(t)
  const { families } = redisStore(redis, { policy, clock: clockFromNow() })
  const subject = randomUUID()
  await families.open(subject, 'one', { ...opening, label: 'Firefox on Linux' })
  const held = await dump(redis)
  t.ok(held.includes('~Fl'))
  t.notOk(held.includes('Firefox'))
  const { after } = await families.present(subject, 'one', 0)
  t.equal(after?.label, 'Firefox on Linux')
  const [listed] = await families.list(subject)
  t.equal(listed?.record.label, 'Firefox on Linux')
})

t.test('every key expires by itself', options, async (t) => {
  const { redis } = await redisServer(t)
  const clock = clockFromNow()
  const subject = randomUUID()
  const long = redisStore(redis, { policy, clock }).families
  const short = redisStore(redis, { policy: { ...policy, absoluteSeconds: 60 }, clock }).families

  const { expiresAt } = await long.open(subject, 'one', opening)
  await short.open(subject, 'short-lived', opening)
  await long.present(subject, 'one', 0)
  await long.end(subject, 'one')

  for (const key of await redis.keys('*')) {
    t.ok((await redis.ttl(key)) > 0, key)
    if (key.endsWith(subject)) t.equal(await redis.expiretime(key), expiresAt, 'with the longest')
  }
  t.equal((await redis.keys('*')).length, 3, 'the families of the user, the log, and its horizon')
})

t.test('a refresh is one command', options, async (t) => {
  const { redis } = await redisServer(t)
  const { families } = redisStore(redis, { policy, clock: clockFromNow() })
  const subject = randomUUID()
  await families.open(subject, 'one', opening)
  await families.present(subject, 'one', 0)
  const monitor = await redis.monitor()
  t.teardown(() => monitor.disconnect())
  const sent: string[] = []
  const last = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
      if (command === 'echo') resolve()
      else if (source !== 'lua') sent.push(command)
    })
  })

  await families.present(subject, 'one', 1)

  await redis.echo('that was all')
  await last
  t.strictSame(sent, ['evalsha'], 'and it is a digest, not the whole script')
})

t.test('a refresh reads the mark of withdrawn signing keys in its step', options, async (t) => {
  const { redis } = await redisServer(t)
  const { store, open } = redisStore(redis, { policy, clock: clockFromNow() }).families
  const { subject, sid } = { subject: randomUUID(), sid: 'one' }
  const opened = await open(subject, sid, opening)
  const present = async (generation: number) =>
    (await store.present({ subject, sid, generation, opened, source })).keyWithdrawals
  t.equal(await present(0), null)
  const withdrawals = redisKeyWithdrawals(redis, fixedPartitions(1))
  await withdrawals.change()
  const mark = await withdrawals.mark()
  t.type(mark, 'string')
  t.equal(await present(1), mark)
  t.equal(await present(1), mark, 'a replay is answered with a token too')
  const partitions = fixedPartitions(2)
  const divided = redisKeyWithdrawals(redis, partitions)
  await withdrawals.renew()
  t.equal(await divided.mark(), mark, 'with one partition, there is nothing to make equal')
  await divided.renew()
  for (const partition of await partitions.all()) {
    t.equal(await redis.get(keyWithdrawals(partition)), await divided.mark(), partition)
  }
})

t.test('a family is as large after a hundred rotations as after one', options, async (t) => {
  const { redis } = await redisServer(t)
  const { families } = redisStore(redis, { policy, clock: clockFromNow() })
  const subject = randomUUID()
  await families.open(subject, 'one', opening)
  const key = (await redis.keys(`*${subject}`))[0] ?? ''
  await families.present(subject, 'one', 0)
  const before = await redis.memory('USAGE', key)

  for (let generation = 1; generation < 100; generation++) {
    await families.present(subject, 'one', generation)
  }

  t.equal(await redis.memory('USAGE', key), before)
  t.equal(await redis.hlen(key), 1, 'one field')
})

t.test('all data of a user is one small value', options, async (t) => {
  const { redis } = await redisServer(t)
  const { families } = redisStore(redis, { policy, clock: clockFromNow() })
  const subject = randomUUID()
  const label = 'Samsung Internet on Android'
  const logins = policy.sessionsPerUser * 3
  for (let login = 0; login < logins; login++) {
    const sid = sessionId(newFamily())
    await families.open(subject, sid, { clientId: '', scope: '', label })
    for (const generation of [0, 1000]) await families.present(subject, sid, generation)
    const { ends } = await families.store.unrecorded()
    for (const ending of ends) await families.store.recorded(ending)
  }
  const key = (await redis.keys(`*${subject}`))[0] ?? ''

  const kept = await redis.hlen(key)
  t.equal(kept, policy.sessionsPerUser * 2 + 1, 'the live ones, and as many tombstones')
  t.equal(await redis.object('ENCODING', key), 'listpack', 'under the longest label there is')
  const usage = Number(await redis.memory('USAGE', key))
  t.ok(usage / kept < 120, `${usage} bytes for ${kept}`)
})
