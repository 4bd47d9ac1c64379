import { randomBytes } from 'node:crypto'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t, { type Test } from 'tap'
import { memoryRequestCounts } from '../../../src/throttling/counts/memory-request-counts.ts'
import { redisRequestCounts } from '../../../src/throttling/counts/redis-request-counts.ts'
import type { RequestCounts } from '../../../src/throttling/counts/request-counts.ts'

async function countsByMinute(t: Test, counts: RequestCounts): Promise<void> {
  const [one, other] = [randomBytes(32), randomBytes(32)]
  const minute = 30_000_000
  const counted = []
  for (const key of [one, one, other, one]) counted.push(await counts.count(minute, key))
  t.strictSame(counted, [1, 2, 1, 3])
  t.equal(await counts.count(minute + 1, one), 1, 'each minute begins at none')
}

t.test('requests are counted by network and minute, in memory', async (t) => {
  await countsByMinute(t, memoryRequestCounts())
})

t.test(
  'requests are counted by network and minute, in Redis',
  { skip: redisMissing },
  async (t) => {
    const { redis } = await redisServer(t)
    const counts = redisRequestCounts(redis)
    await countsByMinute(t, counts)
    const [key, minute] = [randomBytes(32), 30_000_002]
    await Promise.all(Array.from({ length: 50 }, () => counts.count(minute, key)))
    t.equal(await counts.count(minute, key), 51, 'of those that come at once each counts')
    await Promise.all(Array.from({ length: 1000 }, () => counts.count(minute, randomBytes(32))))
    t.equal(await counts.count(minute, key), 52)
    t.strictSame(await redis.keys('*'), ['gatehouse:requests'])
    const bytes = await redis.strlen('gatehouse:requests')
    t.ok(bytes <= 1.5 * 2 ** 20, 'a thousand networks take no more room than one')
  }
)
