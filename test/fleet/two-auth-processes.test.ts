import { randomUUID } from 'node:crypto'
import { client, eventually, type TokenAnswer } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { asked, postgresMissing, postgresServer } from '@gatehouse/fixtures/postgres-server'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { serviceProcess } from '@gatehouse/fixtures/service-process'
import t, { type Test } from 'tap'

const password = 'correct horse battery'
const ada = { email: 'ada@example.com', password }
const SESSION_LIMIT = 5
const skip = redisMissing || postgresMissing

/** Two auth services on one Redis and one database. The clients are spread over them. */
async function twoProcesses(t: Test, more: Record<string, string> = {}) {
  const { url } = await redisServer(t)
  const database = await (await postgresServer(t)).database()
  const settings = {
    REDIS_URL: url,
    DATABASE_URL: database,
    GATEHOUSE_DATA_DIR: dataFolder(t),
    AUTH_PORT: '0',
    AUTH_OPS_PORT: '0',
    AUTH_SESSIONS_PER_USER: String(SESSION_LIMIT),
    ...more
  }
  const [first, second] = await Promise.all([
    serviceProcess('auth', settings),
    serviceProcess('auth', settings)
  ])
  t.teardown(() => Promise.all([first.stop(), second.stop()]))
  const clients = [client(first.url), client(second.url)] as const
  const once = (turn: number, path: string, json: unknown) =>
    clients[turn % 2 === 0 ? 0 : 1].call<TokenAnswer>(path, { json })
  /** repeats a request after 503, as clients do */
  const post = (...request: Parameters<typeof once>) =>
    eventually(
      () => once(...request),
      ({ status }) => status !== 503,
      20_000
    )
  return {
    once,
    post,
    refresh: (turn: number, refreshToken: string) => post(turn, '/refresh-token', { refreshToken }),
    /** a user that no other test uses */
    async newUser() {
      const user = { email: `ada-${randomUUID()}@example.com`, password }
      await post(0, '/register', user)
      return user
    },
    database,
    /** How often the second process had what a refresh needs in memory. */
    async remembered() {
      const metrics = await (await fetch(`${second.opsUrl}/metrics`)).text()
      return Number(/auth_refresh_account_reads_total\{source="memory"\} (\d+)/.exec(metrics)?.[1])
    },
    async reuses() {
      const events = "select 1 from audit_events where kind = 'refresh-reused'"
      return (await asked(database, events)).length
    }
  }
}

const FIFTY = Array.from({ length: 50 }, (_, turn) => turn)

t.test('two auth services agree on sessions and guesses', { skip }, async (t) => {
  const { post, refresh, newUser, reuses } = await twoProcesses(t)

  t.test('fifty simultaneous refreshes all succeed, with one successor', async (t) => {
    const { body: tokens } = await post(1, '/login', await newUser())

    const answers = await Promise.all(FIFTY.map((turn) => refresh(turn, tokens.refreshToken)))

    t.strictSame([...new Set(answers.map(({ status }) => status))], [200])
    const successors = new Set(answers.map(({ body }) => body.refreshToken))
    t.equal(successors.size, 1, 'byte for byte')
    const [successor = ''] = successors
    t.equal((await refresh(0, successor)).status, 200, 'and it works')
  })

  t.test('a spent token ends its family exactly once', async (t) => {
    const { body: tokens } = await post(0, '/login', await newUser())
    const { body: next } = await refresh(1, tokens.refreshToken)
    const { body: newest } = await refresh(0, next.refreshToken)

    const answers = await Promise.all(FIFTY.map((turn) => refresh(turn, tokens.refreshToken)))

    t.strictSame([...new Set(answers.map(({ body }) => body.code))], ['SESSION_ENDED'])
    t.equal(await reuses(), 1, 'one audit event')
    t.equal(
      (await refresh(1, newest.refreshToken)).body.code,
      'SESSION_ENDED',
      'the newest as well'
    )
  })

  t.test('logins at all instances never exceed the session limit', async (t) => {
    const user = await newUser()

    const logins = await Promise.all(FIFTY.slice(0, 20).map((turn) => post(turn, '/login', user)))

    t.strictSame([...new Set(logins.map(({ status }) => status))], [200], 'everyone gets in')
    const alive = await Promise.all(
      logins.map(({ body }, turn) => refresh(turn, body.refreshToken))
    )
    t.equal(
      alive.filter(({ status }) => status === 200).length,
      SESSION_LIMIT,
      'the oldest had to go'
    )
  })
})

/** The claims of an access token. */
const claimsOf = ({ accessToken }: TokenAnswer): Record<string, unknown> =>
  JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString())

t.test(
  'a change in SQL is soon known to a process that remembers the account',
  { skip },
  async (t) => {
    const { post, refresh, newUser, remembered, database } = await twoProcesses(t)
    let { body: tokens } = await post(0, '/login', await newUser())
    const refreshed = async () => {
      const { status, body } = await refresh(1, tokens.refreshToken)
      if (status === 200) tokens = body
      return { status, claims: status === 200 ? claimsOf(body) : {} }
    }
    await eventually(
      async () => {
        await refreshed()
        return await remembered()
      },
      (times) => times > 0
    )

    const { sub: id } = claimsOf(tokens)
    await asked(database, `update accounts set roles = '["by hand"]' where id = '${id}'`)
    const roles = async () => (await refreshed()).claims.roles
    t.strictSame(await eventually(roles, (all) => String(all) === 'by hand'), ['by hand'])
    await asked(database, `update accounts set disabled_at = 1 where id = '${id}'`)
    const status = async () => (await refreshed()).status
    t.equal(await eventually(status, (code) => code !== 200), 401, 'disabled in SQL')
  }
)

/**
 * the statuses of ten guesses at one account, and then of twelve guesses at accounts that do not
 * exist
 */
async function guess(t: Test) {
  const minute = () => Math.floor(Date.now() / 60_000)
  const begunIn = minute()
  const { once, post } = await twoProcesses(t, { AUTH_CREDENTIALS_PER_MINUTE: '21' })
  const registered = await once(0, '/register', ada)
  if (registered.status === 503) await post(0, '/register', ada)
  const account: number[] = []
  for (let turn = 0; turn < 10; turn++) {
    account.push((await once(turn, '/login', { ...ada, password: `guess ${turn}` })).status)
  }
  const address: number[] = []
  for (let turn = 0; turn < 12; turn++) {
    const email = `nobody-${turn}@example.com`
    address.push((await once(turn, '/login', { ...ada, email })).status)
  }
  // Guesses in another minute were counted separately.
  const unsure = [registered.status, ...account, ...address].includes(503) || minute() !== begunIn
  return { account, address, unsure }
}

t.test('guesses are counted together: by address, and by account', { skip }, async (t) => {
  // If a busy machine gave Redis no time to answer, it is unknown what was counted.
  let found = await guess(t)
  for (let more = 9; found.unsure && more > 0; more--) found = await guess(t)

  // Each process alone would have seen no more than the five free guesses.
  t.strictSame(found.account.slice(0, 6), Array(6).fill(401))
  t.ok(found.account.includes(429), 'the account')
  // One registration and ten guesses came before.
  t.strictSame(found.address, [...Array(10).fill(401), ...Array(2).fill(429)], 'the address')
})
