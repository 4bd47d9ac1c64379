import { eventually } from '@gatehouse/fixtures/client'
import { testClock } from '@gatehouse/fixtures/clock'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import t from 'tap'
import { authChecks } from '../../src/http/operator/auth-checks.ts'
import { writeHeartbeats } from '../../src/revocations/heartbeats.ts'

const LONG_MS = 20_000
const INTERVAL_MS = 20

t.test('heartbeats of an auth service', { skip: redisMissing }, async (t) => {
  const [server, other] = [await redisServer(t), await redisServer(t)]
  const redis = await redisConnection(t, server.url)
  const written = () => server.redis.xlen(REVOCATION_STREAM)
  const clock = testClock()
  const faults: unknown[] = []
  const heartbeats = writeHeartbeats({
    redis,
    replicas: 1,
    monotonicClock: clock,
    intervalMs: INTERVAL_MS,
    onFault: (error) => faults.push(error)
  })
  t.teardown(() => heartbeats.close())
  const well = async () => {}
  const unwritten = { degraded: 'the revocation log cannot be written' }
  const { revocations } = authChecks({
    revocations: { unwrittenSeconds: heartbeats.ageSeconds },
    accounts: { ping: well },
    sessions: { ping: well },
    monotonicClock: clock
  })

  t.test('no heartbeat is written while a revocation would not be acknowledged', async (t) => {
    await heartbeats.started
    t.match(faults, [{ message: '0 of 1 replicas have the log' }])
    t.equal(await written(), 0)
    t.match(revocations?.(), unwritten)
  })

  t.test(
    'heartbeats begin when the replica is there, and the fault is reported once',
    async (t) => {
      await other.redis.replicaof('127.0.0.1', server.port)
      t.equal(await eventually(written, (entries) => entries === 1, LONG_MS), 1)
      t.equal(await eventually(async () => heartbeats.ageSeconds(), Number.isFinite, LONG_MS), 0)
      t.match(revocations?.(), { degraded: undefined, ageSeconds: 0 })
      t.equal(faults.length, 1)
    }
  )

  t.test('a store that takes no writes for five seconds makes the service degraded', async (t) => {
    await server.redis.replicaof('127.0.0.1', other.port)
    await eventually(
      async () => faults.length,
      (count) => count > 1,
      LONG_MS
    )
    clock.advance(4999)
    t.match(revocations?.(), { degraded: undefined, ageSeconds: 4.999 })
    clock.advance(1)
    t.match(revocations?.(), unwritten)
  })
})
