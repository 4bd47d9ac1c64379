import { client, eventually, type TokenAnswer } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/house'
import {
  type PostgresServer,
  postgresMissing,
  postgresServer
} from '@gatehouse/fixtures/postgres-server'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { roomProcess } from '@gatehouse/fixtures/room-process'
import t, { type Test } from 'tap'

const skip = postgresMissing || redisMissing
const ada = { email: 'ada@example.com', password: 'correct horse battery' }
/** 800 ms for a statement that is not answered, 500 ms for a connection, and a machine that does other things besides. */
const BOUND_MS = 2000

/** Auth services that start together on one empty PostgreSQL and one Redis, with the same secrets. */
async function processes(t: Test, postgres: PostgresServer, count: number) {
  const { url } = await redisServer(t)
  const settings = {
    ...{
      REDIS_URL: url,
      DATABASE_URL: await postgres.database(),
      GATEHOUSE_DATA_DIR: dataFolder(t)
    },
    ...{ AUTH_PORT: '0', AUTH_OPS_PORT: '0' }
  }
  const started = await Promise.all(
    Array.from({ length: count }, () => roomProcess('auth', settings))
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
      post(apis[turn % apis.length], '/register', ada)
    )
    const statuses = (await Promise.all(fifty)).map(({ status }) => status).sort()
    t.strictSame(
      statuses,
      [201, ...Array(49).fill(409)],
      'and of fifty registrations at once one wins'
    )
    const { body } = await post(apis[1], '/login', ada)
    t.equal(
      (await post(apis[2], '/refresh-token', { refreshToken: body.refreshToken })).status,
      200
    )
  }
)

t.test(
  'a database that is down or frozen is 503 in bounded time, and nobody is signed out',
  { skip },
  async (t) => {
    const postgres = await postgresServer(t)
    const [api] = await processes(t, postgres, 1)
    await post(api, '/register', ada)
    const { body: tokens } = await post(api, '/login', ada)
    const ready = async () => (await fetch(`${api?.opsUrl}/readyz`)).status

    for (const [name, take, give] of [
      ['down', () => postgres.kill(), () => postgres.start()],
      ['frozen', async () => postgres.freeze(), async () => postgres.thaw()]
    ] as const) {
      await take()
      for (const [path, json] of [
        ['/refresh-token', { refreshToken: tokens.refreshToken }],
        ['/login', ada],
        ['/register', { ...ada, email: 'eve@example.com' }]
      ] as const) {
        const start = Date.now()
        const answer = await post(api, path, json)
        t.equal(answer.status, 503, `${name}: ${path}`)
        t.equal(answer.body.code, 'UNAVAILABLE')
        t.equal(answer.headers.get('retry-after'), '1')
        t.notOk(answer.headers.has('set-cookie'))
        t.ok(Date.now() - start < BOUND_MS, `${name}: ${path} within ${BOUND_MS} ms`)
      }
      t.equal(await ready(), 503, `${name}: not ready`)
      await give()
      const again = await eventually(
        () => post(api, '/refresh-token', { refreshToken: tokens.refreshToken }),
        ({ status }) => status === 200,
        10_000
      )
      t.equal(again.status, 200, `${name}: the same refresh token works when it is back`)
      tokens.refreshToken = again.body.refreshToken
      t.equal(await ready(), 200)
    }
  }
)

t.test('what was acknowledged survives a killed database', { skip }, async (t) => {
  const postgres = await postgresServer(t)
  const [api] = await processes(t, postgres, 1)
  const emails = Array.from({ length: 10 }, (_, index) => `user-${index}@example.com`)
  for (const email of emails) t.equal((await post(api, '/register', { ...ada, email })).status, 201)
  await postgres.kill()
  await postgres.start()
  for (const email of emails) {
    const login = () => post(api, '/login', { ...ada, email })
    t.equal((await eventually(login, ({ status }) => status === 200, 10_000)).status, 200)
  }
})
