import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { eventually } from '@gatehouse/fixtures/client'
import { freezeRedis, redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { COMMAND_TIMEOUT_MS } from '@gatehouse/redis/connection'
import { connectRedis } from '@gatehouse/redis/testing/connect-redis'
import t from 'tap'
import { storeClock } from '../../src/redis/store-clock.ts'
import { lateSeconds } from '../../src/sessions/families/family.ts'
import { redisFamilies } from '../../src/sessions/families/redis/redis-families.ts'
import { login, registered } from '../fixtures/auth-service.ts'
import { familySteps } from '../fixtures/families/family-steps.ts'
import { opening, policy, revocationSeconds } from '../fixtures/families/stores.ts'
import { isProblem } from '../fixtures/problem.ts'
import { onRedis } from './fixtures/lost-redis.ts'

const options = { skip: redisMissing }

/** until a connection is restored */
const LONG_MS = 20_000

t.test('a session that was idle for too long is not restored', options, async (t) => {
  const { auth, redis, refresh, clock } = await onRedis(t)
  await registered(auth)
  let { refreshToken } = await login(auth)
  clock.advance((policy.idleSeconds - 60) * 1000)
  refreshToken = (await refresh(refreshToken)).json().refreshToken
  clock.advance((policy.idleSeconds - 60) * 1000)
  await redis.flushall()
  const restored = await refresh(refreshToken)
  t.equal(restored.statusCode, 200, 'its use has moved the end')
  clock.advance((policy.idleSeconds + lateSeconds(policy.idleSeconds)) * 1000)
  await redis.flushall()
  isProblem(t, await refresh(restored.json().refreshToken), { code: 'SESSION_ENDED' })
})

t.test(
  'a command that reaches Redis after its caller has given up does nothing',
  options,
  async (t) => {
    const { url, redis } = await redisServer(t)
    const connection = connectRedis({ url, onFault: () => {} })
    t.teardown(() => connection.disconnect())
    if (connection.status !== 'ready') await once(connection, 'ready')
    const time = storeClock(COMMAND_TIMEOUT_MS)
    const families = familySteps(
      redisFamilies(connection, policy, {
        storeClock: time,
        revocationSeconds: () => revocationSeconds
      }),
      policy,
      time.now
    )
    const subject = randomUUID()
    await eventually(
      () => families.open(subject, 'a session', opening).catch(() => null),
      (record) => record !== null,
      LONG_MS
    )
    const thaw = await freezeRedis(redis)
    await t.rejects(families.present(subject, 'a session', 0), { code: 'UNAVAILABLE' })
    await t.rejects(families.endAll(subject, null), { code: 'UNAVAILABLE' })
    const frozenUntil = performance.now() + 2 * COMMAND_TIMEOUT_MS
    await t.rejects(families.open(subject, 'another', opening), { code: 'UNAVAILABLE' })
    while (performance.now() < frozenUntil) await setImmediate()
    thaw()

    const live = await eventually(
      () => families.list(subject).catch(() => null),
      (list) => list !== null,
      LONG_MS
    )
    t.match(live, [{ sid: 'a session', record: { generation: 0 } }], 'none of the three')
  }
)
