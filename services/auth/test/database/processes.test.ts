import { randomBytes } from 'node:crypto'
import { cheapHashes } from '@gatehouse/fixtures/cheap-hashes'
import { client, eventually, type TokenAnswer } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { patience } from '@gatehouse/fixtures/patience'
import { asked, postgresMissing, postgresServer } from '@gatehouse/fixtures/postgres-server'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import pg from 'pg'
import t, { type Test } from 'tap'
import { readConfig } from '../../src/config.ts'
import { randomSecret } from '../../src/secrets/secrets.ts'
import { startAuth } from '../../src/start.ts'
import { authProcess } from '../fixtures/auth-process.ts'
import { password } from '../fixtures/auth-service.ts'
import { makeOneAccount } from '../fixtures/one-account.ts'

const server = postgresMissing ? null : await postgresServer(t)
const LONG_MS = 30_000

/**
 * Settings that instances on different machines share. Each instance has a data folder of its own.
 */
const shared = (t: Test, url: string) => {
  const secrets = {
    AUTH_REFRESH_KEYS: `1:${randomSecret()}`,
    AUTH_KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64url')
  }
  return () => ({
    ...secrets,
    DATABASE_URL: url,
    GATEHOUSE_DATA_DIR: dataFolder(t)
  })
}

async function kids(url: string): Promise<string[]> {
  const { body } = await client(url).call<{ keys: { kid: string }[] }>('/.well-known/jwks.json')
  return body.keys.map(({ kid }) => kid)
}

t.test(
  'processes that start together on an empty PostgreSQL share one key, and one account per e-mail address',
  { skip: postgresMissing || redisMissing },
  async (t) => {
    const url = (await server?.database()) ?? ''
    const settings = shared(t, url)
    const REDIS_URL = (await redisServer(t)).url
    const processes = Array.from({ length: 3 }, () =>
      authProcess(t, { ...settings(), ...patience, REDIS_URL })
    )

    const services = await Promise.all(processes.map(({ ready }) => ready))

    for (const { opsUrl } of services) t.equal((await fetch(`${opsUrl}/readyz`)).status, 200)
    const active = await asked(url, "select kid from signing_keys where state = 'active'")
    t.equal(active.length, 1)
    for (const service of services) t.strictSame(await kids(service.url), [active[0]?.kid])
    const urls = services.map((service) => service.url)
    const { refreshToken } = await makeOneAccount(t, urls)
    for (const url of urls) {
      const { status } = await client(url).call('/refresh-token', { json: { refreshToken } })
      t.equal(status, 200, 'each refreshes its session')
    }
  }
)

t.test(
  'two processes that start at once on an empty folder share one key',
  { skip: redisMissing },
  async (t) => {
    const { url } = await redisServer(t)
    const settings = { REDIS_URL: url, GATEHOUSE_DATA_DIR: dataFolder(t) }
    const processes = [authProcess(t, settings), authProcess(t, settings)]

    const services = await Promise.all(processes.map(({ ready }) => ready))

    const [first = [], second] = await Promise.all(services.map((service) => kids(service.url)))
    t.equal(first.length, 1)
    t.strictSame(second, first)
  }
)

t.test('on SQLite too, fifty simultaneous registrations create one account', async (t) => {
  const { url, close } = await startAuth(
    readConfig({
      ...cheapHashes,
      GATEHOUSE_DATA_DIR: dataFolder(t),
      LOG_LEVEL: 'silent',
      AUTH_PORT: '0',
      AUTH_OPS_PORT: '0'
    })
  )
  t.teardown(close)
  await makeOneAccount(t, [url])
})

t.test(
  'a process survives a killed database, loses no acknowledged change, and signs no user out',
  { skip: postgresMissing },
  async (t) => {
    const settings = shared(t, (await server?.database()) ?? '')
    const auth = authProcess(t, settings())
    const { url, opsUrl } = await auth.ready
    const { call } = client(url)
    const emails = Array.from({ length: 10 }, (_, index) => `user-${index}@example.com`)
    for (const email of emails) {
      t.equal((await call('/register', { json: { email, password } })).status, 201)
    }
    const login = (email = emails[0]) => call<TokenAnswer>('/login', { json: { email, password } })
    const { body: tokens } = await login()
    const refresh = () =>
      call<TokenAnswer>('/refresh-token', { json: { refreshToken: tokens.refreshToken } })

    await server?.kill()
    const refused = await refresh()
    t.match(refused, { status: 503, body: { code: 'UNAVAILABLE' } })
    t.equal(refused.headers.get('retry-after'), '1')
    t.strictSame([(await login()).status], faults.databaseKilled.statuses)
    const readyz = await fetch(`${opsUrl}/readyz`)
    t.equal(readyz.status, 200, 'it can still serve its key set')
    t.match(await readyz.json(), {
      status: 'degraded',
      degraded: { accounts: 'the database does not answer' }
    })

    await server?.start()
    const again = await endsInTime(
      t,
      faults.databaseKilled,
      refresh,
      ({ status }) => status !== 503
    )
    t.equal(again.status, 200, 'the same refresh token works')
    const answers = await Promise.all(
      emails.map((email) =>
        eventually(
          () => login(email),
          ({ status }) => status === 200,
          LONG_MS
        )
      )
    )
    const lost = answers.filter(({ status }) => status !== 200)
    t.equal(lost.length, faults.databaseKilled.lost)
    auth.process.kill('SIGTERM')
    t.match(await auth.ended, { code: 0, stderr: '' })
  }
)

t.test(
  'a process that can never use its database says why, and exits at once',
  { skip: postgresMissing },
  async (t) => {
    const url = new URL((await server?.database()) ?? '')
    Object.assign(url, { pathname: '/nowhere', password: 'a-secret-word' })
    const settings = shared(t, url.href)
    const { code, stderr } = await authProcess(t, { ...settings(), DATABASE_WAIT_SECONDS: '3600' })
      .ended
    t.equal(code, 1)
    t.match(
      stderr,
      /^Cannot start: PostgreSQL at \S+ cannot be used: database "nowhere" does not exist \(3D000\)\. Create the database.*\n$/
    )
    t.notMatch(stderr, 'a-secret-word')
  }
)

t.test(
  'a process waits for a database that starts after it',
  { skip: postgresMissing },
  async (t) => {
    const url = (await server?.database()) ?? ''
    const settings = shared(t, url)
    await server?.kill()
    const waits = { LOG_LEVEL: 'warn', DATABASE_WAIT_SECONDS: '30' }
    const auth = authProcess(t, { ...settings(), ...waits })
    await auth.says(/waiting for the database/)

    await server?.start()

    const { opsUrl } = await auth.ready
    t.equal((await fetch(`${opsUrl}/readyz`)).status, 200)

    // A database that stops answering when the tables have been opened.
    const holder = new pg.Client(url)
    await holder.connect()
    await holder.query('begin; lock table signing_keys in access exclusive mode')
    const second = authProcess(t, { ...settings(), ...waits })
    await second.says(/canceling statement due to.*waiting for the database/)
    await holder.end()
    t.equal((await fetch(`${(await second.ready).opsUrl}/readyz`)).status, 200, 'at any step')
  }
)

t.test('a process without a database says so, and exits', { skip: postgresMissing }, async (t) => {
  const url = new URL((await server?.database()) ?? '')
  url.password = 'a-secret-word'
  await server?.kill()
  t.teardown(() => server?.start())
  const settings = shared(t, url.href)
  const patience = { LOG_LEVEL: 'warn', DATABASE_WAIT_SECONDS: '1' }
  const { code, stderr } = await authProcess(t, { ...settings(), ...patience }).ended
  t.equal(code, 1)
  // Logged once, however many attempts there were.
  t.match(
    stderr,
    /^(\{.*"cause":".*ECONNREFUSED.*"msg":"waiting for the database"\}\n)?Cannot start: the database did not answer within 1 s \(.*ECONNREFUSED.*\)\n$/
  )
  t.notMatch(stderr, 'a-secret-word')
})
