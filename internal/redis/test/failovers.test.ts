import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { eventually } from '@gatehouse/fixtures/client'
import { inputs } from '@gatehouse/fixtures/generated'
import { REDIS_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import { redisSentinel, sentinelMissing } from '@gatehouse/fixtures/redis-sentinel'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { connectRedis } from '../src/connecting/connect-redis.ts'
import { commonOptions } from '../src/connecting/connection.ts'
import { watchFailovers } from '../src/connecting/watch-failovers.ts'
import { becomes } from './fixtures/becomes.ts'

/** of the same kind as those of a service; they stand for many services */
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
    // A late READONLY reply does this, and ioredis takes it for the end.
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

t.test(
  'an announcement of the master that a connection is at does not reopen it',
  { skip: redisMissing },
  async (t) => {
    const { redis, port } = await redisServer(t)
    const timeouts = { connectTimeout: LONG_MS, disconnectTimeout: LONG_MS }
    const patient = { ...timeouts, commandTimeout: LONG_MS, sentinelCommandTimeout: LONG_MS }
    let looked = 0
    let reopened = 0
    const watched = {
      status: 'ready' as const,
      get stream() {
        looked += 1
        return redis.stream
      },
      disconnect: () => {
        reopened += 1
      }
    }
    // This server publishes what a sentinel would, and is the master as well.
    const at = [{ host: '127.0.0.1', port }]
    const address = { name: 'main', sentinels: at, credentials: {}, sentinelsSecure: false }
    t.teardown(watchFailovers(watched, address, { ...commonOptions, ...patient }))
    await eventually(
      async () => (await redis.pubsub('NUMSUB', '+switch-master'))[1],
      (subscribers) => subscribers === 1
    )
    const announce = (message: string) => redis.publish('+switch-master', message)
    await announce(`main 127.0.0.1 1 127.0.0.1 ${port}`)
    await announce(`main redis-1 1 localhost ${port}`)
    await announce(`other 127.0.0.1 ${port} 127.0.0.1 1`)
    await announce(`main 127.0.0.1 ${port} 127.0.0.1 1`)
    await eventually(
      async () => looked,
      (count) => count === 4
    )
    // The name that was announced is looked up before this.
    await lookup('localhost')
    t.equal(reopened, 1, 'only of another master')
  }
)
