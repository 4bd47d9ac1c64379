import { eventually } from '@gatehouse/fixtures/client'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { REDIS_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { freezeRedis, redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { loggedPartitions, PARTITION_COUNT } from '@gatehouse/redis/partitions'
import { connectRedis } from '@gatehouse/redis/testing/connect-redis'
import { HEARTBEAT_MS, redisHeartbeat } from '@gatehouse/revocation/redis-heartbeats'
import { REVOCATION_STREAM, redisRevocations } from '@gatehouse/revocation/redis-revocations'
import t, { type Test } from 'tap'
import { partitionedLog } from '../../src/redis/partitioned-log.ts'
import { followRevocations } from '../../src/revocation/follow-revocations.ts'

const LONG_MS = 20_000
/** an age that a route may demand; it spans several heartbeats */
const STALE_SECONDS = 2

/** An auth service, reduced to its heartbeats in the revocation log. */
async function writer(t: Test, url: string) {
  const beat = redisHeartbeat(await redisConnection(t, url), 'auth')
  const beats = setInterval(() => void beat().catch(() => {}), HEARTBEAT_MS)
  const stop = () => clearInterval(beats)
  t.teardown(stop)
  return stop
}

t.test(
  'staleness is the age of the last heartbeat of the auth services',
  {
    skip: redisMissing
  },
  async (t) => {
    const server = await redisServer(t)
    const stopWriting = await writer(t, server.url)
    const link = await flakyLink(t, server.port)
    const url = `redis://127.0.0.1:${link.port}`
    const redis = connectRedis({
      url,
      timeoutMs: REDIS_PATIENCE_MS,
      use: 'blocking',
      onFault: () => {}
    })
    const revoked = followRevocations({
      source: redisRevocations(redis),
      clock: Date.now,
      monotonicClock: () => performance.now(),
      onFault: () => {}
    })
    t.teardown(() => {
      redis.disconnect()
      return revoked.close()
    })
    const staleness = async () => revoked.stalenessSeconds()
    const becomesStale = () => eventually(staleness, (seconds) => seconds > STALE_SECONDS, LONG_MS)
    const becomesFresh = () => eventually(staleness, (seconds) => seconds < STALE_SECONDS, LONG_MS)
    t.ok((await becomesFresh()) < STALE_SECONDS, 'heartbeats arrive')

    t.test(
      'a connection that a firewall has dropped counts as stale, and is replaced',
      async (t) => {
        link.swallow()
        t.ok((await becomesStale()) > STALE_SECONDS)
        t.ok((await becomesFresh()) < STALE_SECONDS)
      }
    )

    t.test('a frozen store makes the gateway stale', async (t) => {
      const goOn = await freezeRedis(server.redis)
      t.ok((await becomesStale()) > STALE_SECONDS)
      goOn()
      t.ok((await becomesFresh()) < STALE_SECONDS)
    })

    t.test('a store that answers but gets no writes makes the gateway stale', async (t) => {
      const next = await redisServer(t)
      await next.redis.replicaof('127.0.0.1', server.port)
      await eventually(
        () => next.redis.info('replication'),
        (text) => text.includes('master_link_status:up'),
        LONG_MS
      )
      await next.redis.replicaof('NO', 'ONE')
      stopWriting()
      await writer(t, next.url)
      t.ok((await becomesStale()) > STALE_SECONDS, 'the gateway is on the old side of a partition')
      t.equal(await server.redis.ping(), 'PONG')
      await server.redis.replicaof('127.0.0.1', next.port)
      t.ok((await becomesFresh()) < STALE_SECONDS, 'a replica of the new master hears it')
    })
  }
)

t.test(
  'a gateway does not believe that there are fewer partitions than before',
  { skip: redisMissing },
  async (t) => {
    const server = await redisServer(t)
    const redis = await redisConnection(t, server.url)
    const beatIn = (partition: string, partitions: number) =>
      redisHeartbeat(redis, 'auth', { partition, partitions })()
    const log = partitionedLog({
      blocking: await redisConnection(t, server.url),
      redis: await redisConnection(t, server.url),
      connectNews: () => connectRedis({ ...subscriptions, url: server.url }),
      onServerTime: () => {}
    })
    const faults: string[] = []
    const revoked = followRevocations({
      source: log.source,
      clock: Date.now,
      monotonicClock: () => performance.now(),
      onFault: (error) => faults.push(String(error))
    })
    t.teardown(() => {
      log.close()
      return revoked.close()
    })
    /** An auth service that knows this number writes heartbeats until this is so. */
    const beatUntil = (partitions: number, isSo: () => boolean) =>
      eventually(
        async () => {
          await Promise.all(loggedPartitions(partitions).map((of) => beatIn(of, partitions)))
          return isSo()
        },
        (is) => is,
        LONG_MS
      )
    const isFresh = () => revoked.stalenessSeconds() < STALE_SECONDS
    const isStale = () => revoked.stalenessSeconds() > STALE_SECONDS
    t.equal(await beatUntil(4, () => revoked.loaded && isFresh()), true)
    // The node with the number has lost its data, and another auth service began with one.
    await redis.flushall()
    t.equal(await beatUntil(1, isStale), true)
    const told = /an auth service says that the sessions are in 1 partitions, but they are in 4/
    t.equal(faults.filter((fault) => told.test(fault)).length, 1, faults.join())
    await redis.set(PARTITION_COUNT, 4)
    t.equal(await beatUntil(4, isFresh), true)

    const planted = ['kind', 'partitioned-heartbeat', 'id', 'x', 'at', Date.now(), 'partitions', 9]
    await redis.xadd(REVOCATION_STREAM, '*', ...planted)
    await eventually(
      async () => log.sessionPartitions().length,
      (count) => count === 9,
      LONG_MS
    )
    t.equal(await beatUntil(4, isFresh), true, 'a larger one counts when its logs have heartbeats')
  }
)

const subscriptions = {
  use: 'subscriptions',
  timeoutMs: REDIS_PATIENCE_MS,
  onFault: () => {}
} as const
