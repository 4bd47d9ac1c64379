import { eventually } from '@gatehouse/fixtures/client'
import { testClock } from '@gatehouse/fixtures/clock'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import t from 'tap'
import { authChecks } from '../../src/http/operator/status/auth-checks.ts'
import { writeHeartbeats } from '../../src/revocations/heartbeats.ts'

const LONG_MS = 20_000
const INTERVAL_MS = 20

t.test('an auth service writes heartbeats or is degraded', { skip: redisMissing }, async (t) => {
  const [server, other] = [await redisServer(t), await redisServer(t)]
  const redis = await redisConnection(t, server.url)
  const written = () => server.redis.xlen(REVOCATION_STREAM)
  const clock = testClock()
  // the faults before the first heartbeat; later, a slow replica can cause one more
  const faults: unknown[] = []
  const heartbeats = writeHeartbeats({
    redis,
    replicas: 1,
    monotonicClock: clock,
    intervalMs: INTERVAL_MS,
    onFault(error) {
      if (heartbeats.ageSeconds() === Number.POSITIVE_INFINITY) faults.push(error)
    }
  })
  t.teardown(() => heartbeats.close())
  const well = async () => {}
  const unwritten = { degraded: 'the revocation log cannot be written' }
  const checkOf = ({ ageSeconds }: Pick<typeof heartbeats, 'ageSeconds'>) => {
    const check = authChecks({
      revocations: { unwrittenSeconds: ageSeconds },
      accounts: { ping: well },
      sessions: { ping: well },
      monotonicClock: clock
    })
    return () => check.revocations?.()
  }
  const revocations = checkOf(heartbeats)

  t.test('no heartbeat is written while a revocation would not be acknowledged', async (t) => {
    await heartbeats.started
    t.match(faults, [{ message: '0 of 1 replicas have the log' }])
    t.equal(await written(), 0)
    t.match(revocations(), unwritten)
  })

  t.test(
    'heartbeats begin when the replica is there, and the fault is reported once',
    async (t) => {
      await other.redis.replicaof('127.0.0.1', server.port)
      t.equal(await eventually(written, (entries) => entries === 1, LONG_MS), 1)
      t.equal(await eventually(async () => heartbeats.ageSeconds(), Number.isFinite, LONG_MS), 0)
      t.match(revocations(), { degraded: undefined, ageSeconds: 0 })
      t.equal(faults.length, 1)
    }
  )

  t.test('a store that takes no writes for five seconds makes the service degraded', async (t) => {
    const refused: unknown[] = []
    const alone = writeHeartbeats({
      redis,
      replicas: 0,
      monotonicClock: clock,
      intervalMs: INTERVAL_MS,
      onFault: (error) => refused.push(error)
    })
    t.teardown(() => alone.close())
    const revocations = checkOf(alone)
    await alone.started
    await server.redis.replicaof('127.0.0.1', other.port)
    await eventually(
      async () => refused.length,
      (count) => count > 0,
      LONG_MS
    )
    clock.advance(4999)
    t.match(revocations(), { degraded: undefined, ageSeconds: 4.999 })
    clock.advance(1)
    t.match(revocations(), unwritten)
  })
})
