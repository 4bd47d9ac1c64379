import { once } from 'node:events'
import { eventually } from '@gatehouse/fixtures/client'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { inputs } from '@gatehouse/fixtures/generated'
import { REDIS_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import {
  freezeRedis,
  type RedisServer,
  redisMissing,
  redisServer
} from '@gatehouse/fixtures/redis-server'
import type { RedisConnection } from '@gatehouse/redis/connection'
import t, { type Test } from 'tap'
import { connectRedis } from '../src/connecting/connect-redis.ts'
import { becomes } from './fixtures/becomes.ts'
import { outcome } from './fixtures/outcome.ts'

const LONG_MS = 20_000

/** A ready connection to the test's own server, and all faults that it reported. */
async function connected(
  t: Test,
  server: Pick<RedisServer, 'url'>,
  use: 'commands' | 'blocking' = 'commands'
) {
  const faults: Error[] = []
  const onFault = (error: Error) => faults.push(error)
  const redis = connectRedis({ url: server.url, timeoutMs: REDIS_PATIENCE_MS, use, onFault })
  t.teardown(() => redis.disconnect())
  await once(redis, 'ready')
  return { redis, faults }
}

const worksAgain = (redis: RedisConnection) =>
  eventually(
    () => redis.ping().catch(() => 'still away'),
    (answer) => answer === 'PONG',
    LONG_MS
  )

t.test('calls to an unreachable Redis end in bounded time', { skip: redisMissing }, async (t) => {
  t.test('a frozen server is noticed, and works again when it resumes', async (t) => {
    const server = await redisServer(t)
    const { redis } = await connected(t, server)
    await redis.set('name', 'ada')
    const goOn = await freezeRedis(server.redis)
    const frozen = await Promise.all([outcome(redis.get('name')), outcome(redis.get('other'))])
    t.strictSame(frozen, [{ error: 'Command timed out' }, { error: 'Command timed out' }])
    goOn()
    t.equal(await worksAgain(redis), 'PONG')
    const answers = await Promise.all([redis.get('other'), redis.get('name'), redis.exists('name')])
    t.strictSame(answers, [null, 'ada', 1], 'late answers reach no other caller')
  })

  t.test('a blocking read of a frozen server ends in bounded time', async (t) => {
    const server = await redisServer(t)
    const { redis } = await connected(t, server, 'blocking')
    const read = () => redis.xread('BLOCK', 1000, 'STREAMS', 'stream', '0')
    t.strictSame(await outcome(read()), { value: null }, 'no entry arrived, which is not a fault')
    const goOn = await freezeRedis(server.redis)
    t.match(await outcome(read()), { error: String })
    goOn()
    t.equal(await worksAgain(redis), 'PONG')
  })

  t.test('calls to a stopped server fail at once, and work again when it is back', async (t) => {
    const server = await redisServer(t)
    const { redis, faults } = await connected(t, server)
    await redis.set('name', 'ada')
    const lost = becomes(redis, 'close')
    await server.kill()
    await lost
    const refused = becomes(redis, 'close')
    for (const _ of [1, 2, 3]) t.match(await outcome(redis.get('name')), { error: String })
    await refused
    t.match(faults[0], { code: 'ECONNREFUSED' }, 'the fault is reported')
    await server.start()
    t.equal(await worksAgain(redis), 'PONG')
    t.equal(await redis.get('name'), 'ada')
  })

  t.test('a call with an unknown result is not repeated', async (t) => {
    const server = await redisServer(t)
    const { redis } = await connected(t, server)
    await freezeRedis(server.redis)
    t.match(await outcome(redis.incr('rotations')), { error: String })
    const lost = becomes(redis, 'close')
    await server.kill()
    await lost
    t.match(await outcome(redis.incr('rotations')), { error: String }, 'nor is one kept for later')
    await server.start()
    t.equal(await worksAgain(redis), 'PONG')
    t.equal(await redis.get('rotations'), null)
  })

  t.test('a connection works again after each of many restarts', async (t) => {
    const server = await redisServer(t)
    const { redis } = await connected(t, server)
    for (let restart = 1; restart <= inputs(100); restart += 1) {
      await server.kill()
      await server.start()
      t.equal(await worksAgain(redis), 'PONG', `restart ${restart}`)
    }
  })

  t.test('an idle connection that a firewall has dropped is replaced, each time', async (t) => {
    const server = await redisServer(t)
    const link = await flakyLink(t, server.port)
    const { redis } = await connected(t, { url: `redis://127.0.0.1:${link.port}` })
    for (let cut = 1; cut <= inputs(10); cut += 1) {
      const replaced = becomes(redis, 'ready')
      link.swallow()
      await replaced
      t.equal(await redis.ping(), 'PONG', `cut ${cut}`)
    }
  })
})
