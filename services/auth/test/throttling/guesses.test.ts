import { createHash, randomBytes } from 'node:crypto'
import { type TestClock, testClock } from '@gatehouse/fixtures/clock'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t, { type Test } from 'tap'
import { parseKeyRing } from '../../src/secrets/key-ring.ts'
import { randomSecret } from '../../src/secrets/secrets.ts'
import type { GuessStores } from '../../src/throttling/guess-counts.ts'
import { type Caller, guesses } from '../../src/throttling/guesses.ts'
import { memoryGuessStores } from '../../src/throttling/memory-guess-counts.ts'
import { redisGuessStores } from '../../src/throttling/redis-guess-counts.ts'
import { redisRequestCounts } from '../../src/throttling/redis-request-counts.ts'
import { reserveTables } from '../../src/throttling/reserve-tables.ts'

const email = 'ada@example.com'
const stranger: Caller = { email, network: '203.0.113.1', device: null, credential: 'first' }
const owner: Caller = { email, network: '192.0.2.1', device: null, credential: 'first' }

const limits = (stores: GuessStores) => {
  const { by, forgetStrangers, remember } = guesses(stores, parseKeyRing(`1:${randomSecret()}`))
  /** The seconds until the caller's next guess is due. */
  const wait = async (caller: Caller): Promise<number> => {
    const own = await by(caller)
    return await own.refuseEarly().then(
      () => 0,
      ({ headers }) => Number(headers['retry-after'])
    )
  }
  /** One wrong guess: whether it was looked at. */
  const guess = async (caller: Caller): Promise<boolean> => {
    const own = await by(caller)
    return await own.take().then(
      () => true,
      ({ code }) => {
        if (code !== 'RATE_LIMITED') throw new Error(`refused as ${code}`)
        return false
      }
    )
  }
  const succeed = async (caller: Caller): Promise<void> => {
    const own = await by(caller)
    await own.take()
    await own.succeeded()
  }
  return { wait, guess, succeed, forgetStrangers, remember }
}

type Limits = ReturnType<typeof limits>

/** Wrong guesses, each as soon as it is due. */
async function fail({ wait, guess }: Limits, clock: TestClock, caller: Caller, times: number) {
  for (let time = 0; time < times; time++) {
    clock.advance((await wait(caller)) * 1000)
    if (!(await guess(caller))) throw new Error('a guess that is due is refused')
  }
}

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

    t.test('in a network from which the owner has signed in, strangers do not count', async (t) => {
      const { clock, limit } = fresh()
      await limit.succeed(owner)
      await fail(limit, clock, stranger, 17)
      t.equal(await limit.wait(owner), 0, 'the owner goes on')
      t.equal(await limit.wait(stranger), 900)
      await fail(limit, clock, owner, 6)
      t.equal(await limit.wait(owner), 1, 'but a guesser there is slowed as well')
      t.equal(await limit.wait({ ...owner, email: 'eve@example.com' }), 0)
    })

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
      // It shares three of four cells.
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

t.test('200,000 guesses at other accounts do not slow an account', async (t) => {
  const { strangers } = memoryGuessStores(testClock())
  const digest = (n: number) => createHash('sha256').update(`${n}`).digest()
  for (let n = 0; n < 200_000; n++) await strangers.take(digest(n))
  for (let n = 0; n < 1000; n++) {
    const chosen = digest(-1 - n)
    for (let time = 0; time < 3; time++) await strangers.take(chosen)
    if ((await strangers.wait(chosen)) > 0) t.fail(`account ${n} waits after three failures`)
  }
})

t.test(
  'the count tables in Redis have their full size before any guess',
  { skip: redisMissing },
  async (t) => {
    const { redis } = await redisServer(t)
    await reserveTables(redis)
    const sizes = async () => {
      const keys = (await redis.keys('*')).sort()
      const lengths = await Promise.all(keys.map((key) => redis.strlen(key)))
      return new Map(keys.map((key, at) => [key, lengths[at] ?? 0]))
    }
    const reserved = await sizes()
    const bytes = [...reserved.values()].reduce((sum, length) => sum + length, 0)
    t.ok(bytes > 21 * 2 ** 20 && bytes < 22 * 2 ** 20, `${bytes} bytes`)

    const stores = redisGuessStores(redis, testClock())
    const requests = redisRequestCounts(redis)
    for (let n = 0; n < 4000; n += 200) {
      const some = Array.from({ length: 200 }, () => randomBytes(32))
      await Promise.all(
        some.flatMap((key) => [
          stores.strangers.take(key),
          stores.known.take(key),
          requests.count(n, key)
        ])
      )
    }
    t.strictSame(await sizes(), reserved)
    await reserveTables(redis)
    t.strictSame(await sizes(), reserved, 'the next instance finds them reserved')
  }
)

t.test('an account remembers its latest sixteen networks', { skip: redisMissing }, async (t) => {
  const { redis } = await redisServer(t)
  const clock = testClock()
  const { networks } = redisGuessStores(redis, clock)
  const account = randomBytes(32)
  const all = Array.from({ length: 17 }, () => randomBytes(32))
  for (const network of all) {
    await networks.add(account, network)
    clock.advance(1000)
  }
  const known = await Promise.all(all.map((network) => networks.has(account, network)))
  t.strictSame(known, [false, ...Array(16).fill(true)])
  const [key = ''] = await redis.keys('gatehouse:known:*')
  const ttl = await redis.ttl(key)
  t.ok(ttl > 29 * 86_400 && ttl <= 30 * 86_400)
})
