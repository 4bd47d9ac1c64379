import { client, eventually } from '@gatehouse/fixtures/client'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { inputs } from '@gatehouse/fixtures/generated'
import { installation } from '@gatehouse/fixtures/installation'
import { postgresMissing } from '@gatehouse/fixtures/postgres-server'
import { redisSentinel, sentinelMissing } from '@gatehouse/fixtures/redis-sentinel'
import t from 'tap'

const FAILOVERS = inputs(10)
const LONG_MS = 30_000
const [email, password] = ['ada@example.com', 'correct horse battery']

t.test(
  'after each failover of Redis every process works, without a restart',
  { skip: sentinelMissing || postgresMissing },
  async (t) => {
    const sentinel = await redisSentinel(t, { sentinels: 3 })
    const { auths, gateways } = await installation(t, {
      auths: 1,
      gateways: 1,
      settings: { REDIS_URL: sentinel.url }
    })
    const { register, login, logout, call } = client(gateways[0]?.url ?? '')
    await register(email, password)
    const becomes = <Answer>(ask: () => Promise<Answer>, expected: Answer) =>
      eventually(
        () => ask().catch(() => undefined),
        (answer) => answer === expected,
        LONG_MS
      )
    const readiness = (opsUrl: string) => async () => {
      const answer = await fetch(`${opsUrl}/readyz`)
      return ((await answer.json()) as { status: string }).status
    }
    let stuck = 0
    for (let failover = 1; failover <= FAILOVERS; failover += 1) {
      await sentinel.failOver()
      for (const { opsUrl } of [...auths, ...gateways]) {
        const state = await endsInTime(
          t,
          faults.redisFailover,
          () => readiness(opsUrl)().catch(() => ''),
          (now) => now === 'ready'
        )
        if (state !== 'ready') stuck += 1
      }
      const { status, body } = await login(email, password)
      t.equal(status, 200, 'a login')
      t.equal((await call('/auth/me', { token: body.accessToken })).status, 200)
      t.match(await logout(body.refreshToken), { status: 204 })
      const code = async () =>
        (await call<{ code?: string }>('/auth/me', { token: body.accessToken })).body.code
      t.equal(await becomes(code, 'SESSION_ENDED'), 'SESSION_ENDED', 'the gateway hears of its end')
    }
    t.equal(stuck, faults.redisFailover.lost, 'no process needs a restart')

    await sentinel.loseSentinels(2)
    const signIn = async () => (await login(email, password)).status
    t.equal(await becomes(signIn, 200), 200, 'one sentinel of three is enough to find the master')
    for (const { opsUrl } of [...auths, ...gateways]) {
      t.equal(await becomes(readiness(opsUrl), 'ready'), 'ready')
    }
  }
)
