import { client, eventually, type TokenAnswer } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { faults } from '@gatehouse/fixtures/faults'
import {
  type PostgresServer,
  postgresMissing,
  postgresServer
} from '@gatehouse/fixtures/postgres-server'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { serviceProcess } from '@gatehouse/fixtures/service-process'
import t, { type Test } from 'tap'

const skip = postgresMissing || redisMissing
const LONG_MS = 30_000
const ada = { email: 'ada@example.com', password: 'correct horse battery' }

/**
 * Auth services that start together on one empty PostgreSQL and one Redis, with the same secrets.
 */
async function processes(t: Test, postgres: PostgresServer, count: number) {
  const { url } = await redisServer(t)
  const settings = {
    REDIS_URL: url,
    DATABASE_URL: await postgres.database(),
    GATEHOUSE_DATA_DIR: dataFolder(t),
    AUTH_PORT: '0',
    AUTH_OPS_PORT: '0'
  }
  const started = await Promise.all(
    Array.from({ length: count }, () => serviceProcess('auth', settings))
  )
  t.teardown(() => Promise.all(started.map((process) => process.stop())))
  return started.map(({ url, opsUrl }) => ({ ...client(url), url, opsUrl }))
}

type Api = Awaited<ReturnType<typeof processes>>[number]
const post = (api: Api | undefined, path: string, json: unknown) => {
  if (api === undefined) throw new Error('there is no such process')
  return api.call<TokenAnswer>(path, { json })
}

t.test(
  'services that start together on an empty database agree on its tables and on one key',
  { skip },
  async (t) => {
    const apis = await processes(t, await postgresServer(t), 4)
    const sets = await Promise.all(
      apis.map((api) => api.call<{ keys: object[] }>('/.well-known/jwks.json'))
    )
    t.equal(sets[0]?.body.keys.length, 1)
    for (const { text } of sets) t.equal(text, sets[0]?.text)

    const fifty = Array.from({ length: 50 }, (_, turn) =>
      // A 503 says to ask again.
      eventually(
        () => post(apis[turn % apis.length], '/register', ada),
        ({ status }) => status !== 503,
        LONG_MS
      )
    )
    const statuses = (await Promise.all(fifty)).map(({ status }) => status)
    t.strictSame([...new Set(statuses)].sort(), [201, 409], 'of fifty registrations at once')
    t.equal(statuses.filter((status) => status === 201).length, 1, 'one wins')
    const { body } = await post(apis[1], '/login', ada)
    t.equal(
      (await post(apis[2], '/refresh-token', { refreshToken: body.refreshToken })).status,
      200
    )
  }
)

t.test('acknowledged changes survive a killed database', { skip }, async (t) => {
  const postgres = await postgresServer(t)
  const [api] = await processes(t, postgres, 1)
  const emails = Array.from({ length: 10 }, (_, index) => `user-${index}@example.com`)
  for (const email of emails) t.equal((await post(api, '/register', { ...ada, email })).status, 201)
  await postgres.kill()
  const during = await post(api, '/login', ada)
  t.strictSame([during.status], faults.databaseKilled.statuses)
  await postgres.start()
  const answers = await Promise.all(
    emails.map((email) =>
      eventually(
        () => post(api, '/login', { ...ada, email }),
        ({ status }) => status === 200,
        10_000
      )
    )
  )
  const lost = answers.filter(({ status }) => status !== 200)
  t.equal(lost.length, faults.databaseKilled.lost)
})
