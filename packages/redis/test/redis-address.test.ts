import t from 'tap'
import { redisAddress } from '../src/redis-address.ts'

t.test("Redis' own addresses are left to the client", async (t) => {
  for (const url of ['redis://127.0.0.1:6379', 'rediss://user:secret@redis.example/2']) {
    t.strictSame(redisAddress(url), { kind: 'server', url })
  }
})

t.test('a sentinel address names the sentinels, the master and its credentials', async (t) => {
  const url = 'redis+sentinel://user:p%40ss@one:1001,two,[::1]:1003/main?db=2'
  t.strictSame(redisAddress(url), {
    kind: 'sentinel',
    name: 'main',
    sentinels: [
      { host: 'one', port: 1001 },
      { host: 'two', port: 26379 },
      { host: '::1', port: 1003 }
    ],
    options: { username: 'user', password: 'p@ss', db: 2 }
  })
  t.match(redisAddress('redis+sentinel://one/main'), { name: 'main', options: { db: 0 } })
})

t.test('a cluster address names some of its nodes', async (t) => {
  t.strictSame(redisAddress('redis+cluster://user:p%40ss@one:7000,two,[::1]:7002'), {
    kind: 'cluster',
    nodes: [
      { host: 'one', port: 7000 },
      { host: 'two', port: 6379 },
      { host: '::1', port: 7002 }
    ],
    options: { username: 'user', password: 'p@ss' }
  })
  t.match(redisAddress('redis+cluster://one'), { nodes: [{ host: 'one' }], options: {} })
})

t.test('an address without a master is refused, and not repeated', async (t) => {
  t.throws(() => redisAddress('redis+sentinel://user:secret@one:1001'), /name of the master/)
  try {
    redisAddress('redis+sentinel://user:secret@one:1001')
  } catch (error) {
    t.notMatch(String(error), 'secret')
  }
})
