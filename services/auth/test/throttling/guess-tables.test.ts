import { createHash, randomBytes } from 'node:crypto'
import { testClock } from '@gatehouse/fixtures/clock'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { memoryGuessStores } from '../../src/throttling/counts/memory-guess-counts.ts'
import { redisGuessStores } from '../../src/throttling/counts/redis-guess-counts.ts'
import { redisRequestCounts } from '../../src/throttling/counts/redis-request-counts.ts'
import { reserveTables } from '../../src/throttling/counts/reserve-tables.ts'

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

for (const [kind, skip] of [
  ['memory', false],
  ['Redis', redisMissing]
] as const) {
  t.test(`a clock that is set back does not lock an account (${kind})`, { skip }, async (t) => {
    const clock = testClock()
    const stores =
      kind === 'memory'
        ? memoryGuessStores(clock)
        : redisGuessStores((await redisServer(t)).redis, clock)
    const { strangers } = stores
    const key = randomBytes(32)
    clock.advance(30 * 86_400_000)
    for (let time = 0; time < 6; time += 1) await strangers.take(key)
    t.ok((await strangers.wait(key)) > 0)
    clock.advance(-30 * 86_400_000)
    t.equal(await strangers.take(key), 0)
    t.ok((await strangers.wait(key)) > 0, 'the failures still count')
  })
}

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
