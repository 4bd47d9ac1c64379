import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@gatehouse/fixtures/client'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import type { Fleet } from '@gatehouse/fleet/fleet'
import { memoryFleet } from '@gatehouse/fleet/memory-fleet'
import { MOST_OPEN } from '@gatehouse/fleet/questions'
import { redisFleet } from '@gatehouse/fleet/redis-fleet'
import t from 'tap'
import { newAssertionKey } from '../../src/assertions/assertions.ts'
import { joinFleet } from '../../src/fleet/membership.ts'
import { announcement } from './fixtures/bare-announcement.ts'
import { member } from './fixtures/member.ts'

t.test('each gateway publishes the keys of all', async (t) => {
  const fleet = memoryFleet(() => performance.now())
  const [first, second] = [await member(t, fleet, 'a'), await member(t, fleet, 'b')]
  t.strictSame(await first.kids(), [first.kid, second.kid], 'its own first, and one just started')
  t.strictSame(await second.kids(), [second.kid, first.kid])
  await second.close()
  await first.kids()
  first.clock.advance(30_001)
  t.strictSame(await first.kids(), [first.kid], 'one that has left is not there for long')
})

t.test('a gateway that has left does not announce itself again', async (t) => {
  const fleet = memoryFleet(Date.now)
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  let isSlow = false
  const slow: Fleet = {
    ...fleet,
    async announce(announcement) {
      if (isSlow) {
        reached.resolve()
        await released.promise
      }
      await fleet.announce(announcement)
    }
  }
  const own = await member(t, slow, 'own')
  isSlow = true
  const underWay = own.announce()
  await reached.promise
  const closed = own.close()
  released.resolve()
  await Promise.all([underWay, closed])
  t.strictSame(await fleet.live(), [], 'the announcement that was under way came first')
  await own.announce()
  t.strictSame(await fleet.live(), [], 'a rotation of keys no longer announces it')
})

t.test('a key of another kind, or with private parts, is not published', async (t) => {
  const fleet = memoryFleet(() => performance.now())
  const rsa = { kty: 'RSA', n: 'AQAB', e: 'AQAB' }
  for (const [id, jwk] of Object.entries({
    rsa,
    oct: { kty: 'oct', k: 'AAAA' },
    odd: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }
  })) {
    await member(t, fleet, id, { assertionJwk: JSON.stringify(jwk) })
  }
  await member(t, fleet, 'garbage', { assertionJwk: 'garbage' })
  const own = await member(t, fleet, 'own')
  t.strictSame(await own.kids(), [own.kid])
  const { publicJwk } = await newAssertionKey()
  const sneaky = { ...publicJwk, kid: own.kid, use: 'enc', d: 'private', key_ops: ['sign'] }
  await member(t, fleet, 'sneaky', { assertionJwk: JSON.stringify(sneaky) })
  const [, other] = (await own.assertionKeys()).keys
  t.strictSame(Object.keys(other ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  t.equal(other?.kid, publicJwk.kid, 'no member takes another’s name')
})

t.test(
  'over Redis: a gateway that dies is forgotten, and an outage is reported once',
  { skip: redisMissing },
  async (t) => {
    const server = await redisServer(t)
    const fleet = redisFleet(await redisConnection(t, server.url))
    const own = await member(t, fleet, 'own', {}, 20)
    await fleet.announce(announcement('dead'))
    const ids = async () => (await fleet.live()).map(({ id }) => id).sort()
    t.strictSame(await ids(), ['dead', 'own'])
    await server.redis.sadd('gatehouse:{gateways}', 'no-json')
    await server.redis.set('gatehouse:{gateways}:no-json', '{')
    t.strictSame(await ids(), ['dead', 'own'], 'an invalid announcement is ignored')
    await server.redis.del('gatehouse:{gateways}:no-json')
    const [newer] = (await fleet.live()).filter(({ id }) => id === 'dead')
    const announced = { ...newer, id: 'newer', vitals: { loadFactor: 0.5 } }
    await server.redis.set('gatehouse:{gateways}:newer', JSON.stringify(announced))
    await server.redis.sadd('gatehouse:{gateways}', 'newer')
    t.strictSame(await ids(), ['dead', 'newer', 'own'], 'its vitals are unknown, and it is live')
    await fleet.leave('newer')

    const question = (id: string) => JSON.stringify({ id, to: ['own'], request: null })
    const planted = Array.from({ length: 1000 }, (_, at) => [at, question(`${at}`)]).flat()
    await server.redis.zadd('gatehouse:{gateways}:questions', ...planted)
    t.equal((await fleet.questions.open()).length, MOST_OPEN, 'the newest are read')
    await server.redis.hset('gatehouse:{gateways}:answers:7', { own: '1', stranger: '2' })
    t.strictSame([...(await fleet.questions.answers('7', ['own', 'dead']))], [['own', '1']])
    const left = await server.redis.pttl('gatehouse:{gateways}:dead')
    t.ok(left > 5000 && left <= 10_000, 'for ten seconds')
    const silentMs = async () => (await fleet.live()).find(({ id }) => id === 'dead')?.silentMs ?? 0
    await server.redis.pexpire('gatehouse:{gateways}:dead', 20_000)
    t.equal(await silentMs(), 0, 'somebody has given it a longer life')
    await server.redis.pexpire('gatehouse:{gateways}:dead', 9000)
    t.ok((await silentMs()) >= 1000, 'it has been silent for as long as its life is shorter')
    await server.redis.del('gatehouse:{gateways}:dead')
    t.strictSame(await ids(), ['own'], 'as when they are over')
    t.strictSame(await server.redis.smembers('gatehouse:{gateways}'), ['own'])

    await server.kill()
    const faults = async () => own.faults.length
    t.not(await eventually(faults, (count) => count > 0, 10_000), 0)
    await sleep(100)
    t.equal(own.faults.length, 1)
    t.strictSame(await own.kids(), [own.kid], 'its own key is there all the same')
    await server.start()
    const back = await eventually(
      () => ids().catch(() => []),
      (live) => live.length > 0
    )
    t.strictSame(back, ['own'])
  }
)

t.test('a gateway that starts without the store joins as soon as the store is back', async (t) => {
  const fleet = memoryFleet(() => performance.now())
  const store = { isAway: true }
  const announce: Fleet['announce'] = async (announcement) => {
    if (store.isAway) throw new Error('away')
    await fleet.announce(announcement)
  }
  const key = await newAssertionKey()
  const faults: unknown[] = []
  const membership = await joinFleet({
    fleet: { ...fleet, announce },
    ownKey: key.publicJwk,
    // So long that the next regular announcement does not come during the test.
    intervalMs: 60_000,
    onFault: (error) => faults.push(error),
    announcement: () => ({
      id: 'late',
      name: 'late',
      keySetVersion: '',
      kids: [],
      revocationCursor: '',
      revocationLagSeconds: 0,
      assertionJwk: JSON.stringify(key.publicJwk)
    })
  })
  t.teardown(() => membership.close())
  t.equal(membership.hasJoined, false, 'no process knows its key')
  store.isAway = false
  t.ok(await eventually(async () => membership.hasJoined, Boolean, 20_000))
  t.match(await fleet.live(), [{ id: 'late' }])
  t.equal(faults.length, 1, 'the outage is reported once')
  store.isAway = true
  await membership.announce()
  t.equal(membership.hasJoined, true, 'a later outage changes nothing: the others keep the key')
})
