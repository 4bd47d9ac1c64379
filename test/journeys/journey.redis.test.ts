import { once } from 'node:events'
import { createServer } from 'node:net'
import { client, eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { type ServiceName, serviceProgram } from '@gatehouse/fixtures/program'
import { freezeRedis, redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { freePort } from '@gatehouse/start/free-port'
import t, { type Test } from 'tap'
import { journey } from './fixtures/journey.ts'
import { isProblem } from './fixtures/problem-response.ts'

const ada = { email: 'ada@example.com', password: 'correct horse battery' }

/** A port that is in use until a service is started for the second time. */
async function portTakenAtFirst(t: Test) {
  const port = await freePort()
  const other = createServer()
  t.teardown(() => other.close())
  await once(other.listen(port, '127.0.0.1'), 'listening')
  const started: ServiceName[] = []
  const programOf = (service: ServiceName) => {
    // The first attempt has failed by then.
    if (started.includes(service)) other.close()
    started.push(service)
    return serviceProgram(service)
  }
  return { port: String(port), started, programOf }
}

t.test(
  'the whole journey works with a process per service, on a real Redis',
  { skip: redisMissing },
  async (t) => {
    const redis = await redisServer(t)
    const { port, started, programOf } = await portTakenAtFirst(t)
    const settings = {
      GATEHOUSE_DATA_DIR: dataFolder(t),
      REDIS_URL: redis.url,
      ECHO_OPS_PORT: port
    }
    const url = await journey(t, settings, programOf)

    await t.test('if a chosen port is in use, a system of processes tries others', async (t) => {
      const services = ['auth', 'echo', 'gateway', 'orders']
      t.strictSame(started.slice(0, 4).toSorted(), services)
      t.strictSame(started.slice(4, 8).toSorted(), services, 'each was started a second time')
      t.strictSame(started.slice(8).toSorted(), services, 'and once for the restart')
    })

    await t.test('a store outage gives 503 and uses no token up', async (t) => {
      const { call, login, refresh } = client(url)
      const { body: tokens } = await login(ada.email, ada.password)
      const { body: others } = await login(ada.email, ada.password)

      setTimeout(await freezeRedis(redis.redis), 500)
      const waited = await refresh(others.refreshToken)
      t.equal(waited.status, 200, 'a pause shorter than REDIS_TIMEOUT_MS is not an outage')

      await redis.kill()

      for (const [why, answer] of [
        ['refresh', await refresh(tokens.refreshToken)],
        ['login', await login(ada.email, ada.password)]
      ] as const) {
        isProblem(t, answer, 503, 'UNAVAILABLE', why)
        t.match(answer.headers.get('retry-after'), /^\d+$/, `${why}: when to come back`)
      }
      const served = await call('/echo/hello', { token: tokens.accessToken })
      t.equal(served.status, 200, 'access tokens are still verified')

      await redis.start()
      const again = await eventually(
        () => refresh(tokens.refreshToken),
        ({ status }) => status !== 503,
        5000
      )
      t.equal(again.status, 200, 'and when the store is back, the same refresh token works')
    })
  }
)
