import { testClock } from '@gatehouse/fixtures/clock'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t, { type Test } from 'tap'
import type { GuessCounts } from '../../src/guesses/guess-counts.ts'
import { type Caller, guesses } from '../../src/guesses/guesses.ts'
import { memoryGuessCounts } from '../../src/guesses/memory-guess-counts.ts'
import { privateDigest } from '../../src/guesses/private-digest.ts'
import { redisGuessCounts } from '../../src/guesses/redis-guess-counts.ts'
import { randomSecret } from '../../src/secrets.ts'
import { parseKeyRing } from '../../src/sessions/key-ring.ts'

const email = 'ada@example.com'
const stranger: Caller = { email, network: '203.0.113.1', device: null }
const owner: Caller = { email, network: '192.0.2.1', device: null }

type Open = (t: Test, clock: () => number) => Promise<GuessCounts>

const stores: Record<string, { skip: string | false; open: Open }> = {
  memory: { skip: false, open: async (_t, clock) => memoryGuessCounts(clock) },
  Redis: { skip: redisMissing, open: async (t) => redisGuessCounts((await redisServer(t)).redis) }
}

for (const [name, { skip, open }] of Object.entries(stores)) {
  const limited = async (t: Test) => {
    const clock = testClock()
    const digest = privateDigest(parseKeyRing(`1:${randomSecret()}`))
    const limit = guesses({ counts: await open(t, clock), digest, clock })
    const fail = async (caller: Caller, times: number) => {
      for (let time = 0; time < times; time++) await limit.failed(caller)
    }
    return { clock, limit, fail }
  }

  t.test(`${name}: after five errors each guess waits longer`, { skip }, async (t) => {
    const { clock, limit, fail } = await limited(t)
    await fail(stranger, 5)
    t.equal(await limit.wait(stranger), null, 'five are free')
    await fail(stranger, 1)
    t.equal(await limit.wait(stranger), 1)
    clock.advance(999)
    t.equal(await limit.wait(stranger), 1, 'not before')
    clock.advance(1)
    t.equal(await limit.wait(stranger), null)
    await fail(stranger, 20)
    t.equal(await limit.wait(stranger), 900)
  })

  t.test(`${name}: from many addresses it is one account`, { skip }, async (t) => {
    const { limit } = await limited(t)
    for (let host = 0; host < 20; host++) {
      await limit.failed({ ...stranger, network: `203.0.113.${host}` })
    }
    t.equal(await limit.wait({ ...stranger, network: '198.51.100.1' }), 900)
    t.equal(await limit.wait({ ...stranger, email: 'eve@example.com' }), null, 'and no other')
  })

  t.test(`${name}: where its owner has signed in, strangers do not count`, { skip }, async (t) => {
    const { limit, fail } = await limited(t)
    await limit.succeeded(owner)
    await fail(stranger, 20)
    t.equal(await limit.wait(owner), null, 'the owner goes on')
    t.equal(await limit.wait(stranger), 900)
    await fail(owner, 6)
    t.equal(await limit.wait(owner), 1, 'but whoever guesses there is slowed as well')
    t.equal(await limit.wait({ ...owner, email: 'eve@example.com' }), null)
  })

  t.test(`${name}: a device that is known goes on wherever it is`, { skip }, async (t) => {
    const { limit, fail } = await limited(t)
    await fail(stranger, 20)
    const known = { ...stranger, device: 'laptop' }
    t.equal(await limit.wait(known), null)
    await fail(known, 6)
    t.equal(await limit.wait(known), 1, 'counted for itself')
    t.equal(await limit.wait({ ...known, device: 'phone' }), null)
  })

  t.test(`${name}: who gets in has no errors any more`, { skip }, async (t) => {
    const { limit, fail } = await limited(t)
    await fail(stranger, 5)
    await limit.succeeded(stranger)
    await fail(stranger, 5)
    t.equal(await limit.wait(stranger), null)
  })
}

t.test(
  'memory: a day without errors forgets them, a month without a login the place',
  async (t) => {
    const clock = testClock()
    const counts = memoryGuessCounts(clock)
    await counts.add('one', clock())
    await counts.know('place')
    clock.advance(86_400_000)
    t.equal(await counts.read('one'), null)
    t.ok(await counts.isKnown('place'))
    clock.advance(29 * 86_400_000)
    t.notOk(await counts.isKnown('place'))
  }
)

t.test(
  'Redis: every key ends by itself, and none tells whose it is',
  { skip: redisMissing },
  async (t) => {
    const { redis } = await redisServer(t)
    const clock = testClock()
    const digest = privateDigest(parseKeyRing(`1:${randomSecret()}`))
    const limit = guesses({ counts: redisGuessCounts(redis), digest, clock })
    await limit.succeeded(owner)
    await limit.failed(owner)
    await limit.failed(stranger)
    const keys = await redis.keys('*')
    t.equal(keys.length, 3)
    for (const key of keys) {
      t.notMatch(key, /ada|example|192/)
      t.ok((await redis.ttl(key)) > 0)
    }
  }
)
