import t from 'tap'
import { redisAddress } from '../src/redis-address.ts'

t.test("Redis' own addresses are left to the client", async (t) => {
  for (const url of ['redis://127.0.0.1:6379', 'rediss://user:secret@redis.example/2']) {
    t.strictSame(redisAddress(url), { url })
  }
})

t.test('a sentinel address names the sentinels, the master and its credentials', async (t) => {
  const url = 'redis+sentinel://user:p%40ss@one:1001,two,[::1]:1003/main?db=2'
  t.strictSame(redisAddress(url), {
    options: {
      name: 'main',
      sentinels: [
        { host: 'one', port: 1001 },
        { host: 'two', port: 26379 },
        { host: '::1', port: 1003 }
      ],
      failoverDetector: true,
      username: 'user',
      password: 'p@ss',
      db: 2
    }
  })
  t.match(redisAddress('redis+sentinel://one/main'), { options: { name: 'main', db: 0 } })
})

t.test('an address without a master is refused, and not repeated', async (t) => {
  t.throws(() => redisAddress('redis+sentinel://user:secret@one:1001'), /name of the master/)
  try {
    redisAddress('redis+sentinel://user:secret@one:1001')
  } catch (error) {
    t.notMatch(String(error), 'secret')
  }
})
