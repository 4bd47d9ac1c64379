import { eventually } from '@gatehouse/fixtures/client'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { REDIS_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { freezeRedis, redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { connectRedis } from '@gatehouse/redis/testing/connect-redis'
import { HEARTBEAT_MS, redisHeartbeat } from '@gatehouse/revocation/redis-heartbeats'
import { redisRevocations } from '@gatehouse/revocation/redis-revocations'
import t, { type Test } from 'tap'
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
