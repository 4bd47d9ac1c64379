import { randomBytes } from 'node:crypto'
import { testClock } from '@gatehouse/fixtures/clock'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t, { type Test } from 'tap'
import type { GuessStores } from '../../src/throttling/counts/guess-counts.ts'
import { memoryGuessStores } from '../../src/throttling/counts/memory-guess-counts.ts'
import { redisGuessStores } from '../../src/throttling/counts/redis-guess-counts.ts'
import { email, fail, limits, owner, stranger } from './fixtures/limits.ts'

type Open = (clock: () => number) => GuessStores

function behaviour(name: string, skip: string | false, begin: (t: Test) => Promise<Open>) {
  t.test(name, { skip }, async (t) => {
    const open = await begin(t)
    // Each test has a digest of its own, and so its own cells.
    const fresh = () => {
      const clock = testClock()
      return { clock, limit: limits(open(clock)) }
    }

    t.test('after five failures, each guess waits longer', async (t) => {
      const { clock, limit } = fresh()
      await fail(limit, clock, stranger, 5)
      t.equal(await limit.wait(stranger), 0, 'five are free')
      await fail(limit, clock, stranger, 1)
      t.equal(await limit.wait(stranger), 1)
      clock.advance(999)
      t.equal(await limit.wait(stranger), 1, 'not before')
      t.notOk(await limit.guess(stranger))
      clock.advance(1)
      t.equal(await limit.wait(stranger), 0)
      await fail(limit, clock, stranger, 11)
      t.equal(await limit.wait(stranger), 900)
      await fail(limit, clock, stranger, 250)
      t.equal(await limit.wait(stranger), 900, 'a cell that is full waits as long')
    })

    t.test('only the simultaneous guesses that are due continue', async (t) => {
      const { clock, limit } = fresh()
      const burst = async (size: number) => {
        const looked = await Promise.all(Array.from({ length: size }, () => limit.guess(stranger)))
        return looked.filter(Boolean).length
      }
      t.equal(await burst(40), 6)
      clock.advance(1000)
      t.equal(await burst(40), 1)
      t.equal(await limit.wait(stranger), 2, 'those that were refused do not count')
    })

    t.test('a day allows a hundred guesses, with or without pauses', async (t) => {
      const day = 24 * 3600
      const { clock, limit } = fresh()
      let looked = 0
      for (let second = 0; second < day; second += 60, clock.advance(60_000)) {
        while (await limit.guess(stranger)) looked += 1
      }
      t.ok(looked >= 90 && looked <= 112, `${looked} without pauses`)
      const pausing = fresh()
      const start = pausing.clock()
      looked = 0
      while (pausing.clock() - start < day * 1000) {
        await fail(pausing.limit, pausing.clock, stranger, 16)
        looked += 16
        pausing.clock.advance(4 * 3600 * 1000)
        t.equal(await pausing.limit.wait(stranger), 0, 'forgotten')
      }
      t.ok(looked <= 112, `${looked} with pauses`)
    })

    t.test('guesses from many addresses count for one account', async (t) => {
      const { clock, limit } = fresh()
      for (let host = 0; host < 17; host++) {
        await fail(limit, clock, { ...stranger, network: `203.0.113.${host}` }, 1)
      }
      t.equal(await limit.wait({ ...stranger, network: '198.51.100.1' }), 900)
      t.equal(await limit.wait({ ...stranger, email: 'eve@example.com' }), 0, 'and no other')
    })

    t.test(
      'in a network from which the owner has signed in, the failures of strangers do not count',
      async (t) => {
        const { clock, limit } = fresh()
        await limit.succeed(owner)
        await fail(limit, clock, stranger, 17)
        t.equal(await limit.wait(owner), 0, 'the owner continues')
        t.equal(await limit.wait(stranger), 900)
        await fail(limit, clock, owner, 6)
        t.equal(await limit.wait(owner), 1, 'but a guesser there is slowed as well')
        t.equal(await limit.wait({ ...owner, email: 'eve@example.com' }), 0)
      }
    )

    t.test(
      'a new password resets the count of strangers, and not that of known callers',
      async (t) => {
        const { clock, limit } = fresh()
        await limit.succeed(owner)
        await fail(limit, clock, owner, 6)
        await fail(limit, clock, stranger, 17)
        const other = { ...stranger, email: 'eve@example.com' }
        await fail(limit, clock, other, 7)
        t.equal(await limit.wait(stranger), 899)
        await limit.forgetStrangers(email)
        t.equal(await limit.wait(stranger), 0)
        await fail(limit, clock, stranger, 5)
        t.equal(await limit.wait(stranger), 0, 'five are free again')
        t.equal(await limit.wait(other), 2, 'of this account alone')
        await fail(limit, clock, owner, 1)
        t.equal(await limit.wait(owner), 2, 'after seven of its own')
      }
    )

    t.test('a network is known only for the password that was used in it', async (t) => {
      const { clock, limit } = fresh()
      await limit.succeed(owner)
      await fail(limit, clock, stranger, 17)
      t.equal(await limit.wait(owner), 0)
      const later = { ...owner, credential: 'second' }
      t.equal(await limit.wait(later), 900, 'who knew the first one is a stranger')
      await limit.remember(later)
      t.equal(await limit.wait(later), 0, 'who set the second one is not')
    })

    t.test('a known device is not slowed in any network', async (t) => {
      const { clock, limit } = fresh()
      await fail(limit, clock, stranger, 17)
      const known = { ...stranger, device: 'laptop' }
      t.equal(await limit.wait(known), 0)
      await fail(limit, clock, known, 6)
      t.equal(await limit.wait(known), 1, 'counted for itself')
      t.equal(await limit.wait({ ...known, device: 'phone' }), 0)
    })

    t.test('a login resets the failures of its own caller only', async (t) => {
      const { clock, limit } = fresh()
      await fail(limit, clock, stranger, 5)
      await limit.succeed(stranger)
      await fail(limit, clock, stranger, 5)
      t.equal(await limit.wait(stranger), 0, 'the first five are forgotten')
      await limit.succeed(stranger)
      await fail(limit, clock, stranger, 5)
      t.equal(await limit.wait(stranger), 0)
      const another = { ...stranger, network: '198.51.100.1' }
      await fail(limit, clock, another, 1)
      t.equal(await limit.wait(another), 1, 'those of strangers to the account are not')
    })

    t.test('logins do not count as failures', async (t) => {
      const { limit } = fresh()
      for (let login = 0; login < 20; login++) {
        await limit.succeed({ ...stranger, network: `203.0.113.${login}` })
      }
      t.equal(await limit.wait({ ...stranger, network: '198.51.100.1' }), 0)
    })

    t.test('a network is known for a month after the last login there', async (t) => {
      const clock = testClock()
      const { networks } = open(clock)
      const [account, network] = [randomBytes(32), randomBytes(32)]
      await networks.add(account, network)
      clock.advance(30 * 86_400_000 - 1)
      t.ok(await networks.has(account, network))
      t.notOk(await networks.has(account, randomBytes(32)))
      t.notOk(await networks.has(randomBytes(32), network))
      clock.advance(1)
      t.notOk(await networks.has(account, network))
    })

    t.test('taking a guess back does not change the counts of other keys', async (t) => {
      const { strangers } = open(testClock())
      const guessed = randomBytes(9)
      // It shares three of its four cells.
      const close = Buffer.from(guessed)
      close.writeUInt16BE(guessed.readUInt16BE(1) ^ 1, 1)
      for (let time = 0; time < 6; time++) await strangers.take(guessed)
      t.equal(await strangers.wait(close), 0, 'another key that shares cells is not slowed')
      for (let time = 0; time < 5; time++) await strangers.take(close)
      for (let time = 0; time < 5; time++) await strangers.giveBack(close)
      await strangers.forget(close)
      t.equal(await strangers.wait(guessed), 1)
    })
  })
}

behaviour('in memory', false, async () => memoryGuessStores)

behaviour('in Redis', redisMissing, async (t) => {
  const { redis } = await redisServer(t)
  return (clock) => redisGuessStores(redis, clock)
})
