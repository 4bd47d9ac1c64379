import { once } from 'node:events'
import { eventually } from '@gatehouse/fixtures/client'
import { inputs } from '@gatehouse/fixtures/generated'
import { REDIS_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import { redisSentinel, sentinelMissing } from '@gatehouse/fixtures/redis-sentinel'
import t from 'tap'
import { connectRedis } from '../src/connect-redis.ts'
import { becomes } from './fixtures/becomes.ts'

/** of the same kind as a service has, in place of many services */
const CONNECTIONS = 10
const FAILOVERS = inputs(20)
const LONG_MS = 20_000

t.test(
  'after each failover of the sentinels, every connection works again',
  { skip: sentinelMissing },
  async (t) => {
    const sentinel = await redisSentinel(t, { sentinels: 3 })
    const connections = Array.from({ length: CONNECTIONS }, (_, index) =>
      connectRedis({
        url: sentinel.url,
        timeoutMs: REDIS_PATIENCE_MS,
        use: index % 2 === 0 ? 'commands' : 'blocking',
        onFault: () => {}
      })
    )
    t.teardown(() => {
      for (const redis of connections) redis.disconnect()
    })
    await Promise.all(connections.map((redis) => once(redis, 'ready')))
    for (let failover = 1; failover <= FAILOVERS; failover += 1) {
      await sentinel.failOver()
      const answers = await Promise.all(
        connections.map((redis) =>
          eventually(
            () => redis.set('failover', failover).catch(() => redis.status),
            (answer) => answer === 'OK',
            LONG_MS
          )
        )
      )
      t.strictSame(new Set(answers), new Set(['OK']), `failover ${failover}`)
    }
  }
)

t.test(
  'a connection that ended while the sentinels were asked is reopened',
  { skip: sentinelMissing },
  async (t) => {
    const { url } = await redisSentinel(t)
    const redis = connectRedis({ url, timeoutMs: REDIS_PATIENCE_MS, onFault: () => {} })
    t.teardown(() => redis.disconnect())
    const ended = becomes(redis, 'end')
    await becomes(redis, 'connecting')
    // As a READONLY reply does that comes late: ioredis takes it for the end.
    redis.disconnect(true)
    await ended
    await becomes(redis, 'ready')
    t.equal(await redis.ping(), 'PONG')
    const over = becomes(redis, 'end')
    redis.disconnect()
    await over
    redis.on('connecting', () => t.fail('its owner has ended it'))
    await eventually(
      async () => redis.status,
      (status) => status !== 'end'
    )
  }
)
