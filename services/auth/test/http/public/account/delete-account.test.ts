import { sql } from 'kysely'
import { Registry } from 'prom-client'
import t from 'tap'
import { accountStore } from '../../../../src/accounts/account-store.ts'
import { deletionMetrics } from '../../../../src/accounts/deletions/deletion-metrics.ts'
import { BY_PASSWORD } from '../../../../src/sessions/authentication.ts'
import { audited, email, OPS_TOKEN, password } from '../../../fixtures/auth-service.ts'
import { databaseKinds } from '../../../fixtures/database/databases.ts'
import { source } from '../../../fixtures/families/family-steps.ts'
import { opening } from '../../../fixtures/families/stores.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import { DAY_MS, deletingUser, GRACE_DAYS } from '../fixtures/deleting.ts'

const ended = { code: 'SESSION_ENDED' } as const

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: deleting the account ends every session, and a login keeps the account`,
    { skip },
    async (t) => {
      const auth = await deletingUser(t, await (await make(t)).open())
      await auth.login()
      const answer = await auth.remove()
      t.equal(answer.statusCode, 202)
      const at = new Date((Math.floor(auth.clock() / 1000) + GRACE_DAYS * 86_400) * 1000)
      t.strictSame(answer.json(), { deletionAt: at.toISOString() })
      const { refreshToken } = auth.tokens
      isProblem(t, await auth.post('/refresh-token', { refreshToken }), ended)
      isProblem(t, await auth.remove(), ended, 'by a token of before')
      const { rights_version } = await auth.database
        .selectFrom('accounts')
        .select('rights_version')
        .executeTakeFirstOrThrow()
      t.equal(rights_version, 1, 'tokens without a session are stale too')
      t.equal((await auth.letter(email)).name, 'deletion-requested')
      t.match(auth.sent.at(-1), { text: new RegExp(at.toISOString().slice(0, 10)) })
      t.equal((await auth.post('/register', { email, password })).statusCode, 409, 'not free')

      auth.clock.advance((GRACE_DAYS - 1) * DAY_MS)
      await auth.eraseDue()
      const login = await auth.login()
      t.equal(login.statusCode, 200)
      // It stays, even if this session ends before the time has come.
      await auth.post('/logout', { refreshToken: login.json().refreshToken })
      await auth.letter(email)
      t.ok(auth.sent.some(({ letter }) => letter === 'deletion-cancelled'))
      auth.clock.advance(GRACE_DAYS * DAY_MS)
      await auth.eraseDue()
      t.ok(await auth.exists())
      t.match(
        (await audited(auth)).filter(({ kind }) => kind.startsWith('deletion')),
        [
          { kind: 'deletion-requested', sid: auth.tokens.session.id, detail: '{"ended":2}' },
          { kind: 'deletion-cancelled', subject: auth.user.id }
        ]
      )
    }
  )

  t.test(
    `${name}: an operator sees a coming deletion, and that it is late`,
    { skip },
    async (t) => {
      const auth = await deletingUser(t, await (await make(t)).open())
      const registry = new Registry()
      const clocks = { clock: auth.clock, monotonicClock: auth.clock }
      const read = deletionMetrics(registry, auth.database, clocks)
      const headers = { authorization: `Bearer ${OPS_TOKEN}` }
      const listed = async () =>
        (await auth.ops.inject({ url: '/ops/deletions', headers })).json().users
      const overdue = async () => {
        auth.clock.advance(15_000)
        await read()
        return await registry.getSingleMetricAsString('auth_account_deletion_overdue_seconds')
      }
      t.strictSame(await listed(), [])
      const { deletionAt } = (await auth.remove()).json()
      t.match(await listed(), [{ id: auth.user.id, deletionAt }])
      t.match(await overdue(), / 0$/m)
      auth.clock.advance(GRACE_DAYS * DAY_MS + 7_200_000 - 15_000)
      t.match(await overdue(), / 72\d\d$/m)
      const url = `/ops/users/${auth.user.id}/enable`
      const kept = await auth.ops.inject({ method: 'POST', url, headers })
      t.match(kept.json(), { user: { deletionAt: null } })
      t.match(await overdue(), / 0$/m)
      await auth.eraseDue()
      t.ok(await auth.exists(), 'it says so, and it is so')
      t.strictSame(await listed(), [])
    }
  )

  t.test(`${name}: without a login, the account and its data are deleted`, { skip }, async (t) => {
    const auth = await deletingUser(t, await (await make(t)).open())
    await auth.remove()
    auth.clock.advance(GRACE_DAYS * DAY_MS)
    await auth.eraseDue()
    t.notOk(await auth.exists())
    t.equal((await auth.login()).statusCode, 401)
    const events = await audited(auth)
    const own = events.filter(({ subject }) => subject === auth.user.id)
    t.strictSame([...new Set(own.map(({ address }) => address))], [''], 'of nobody')
    t.match(own.at(-1), { kind: 'user-deleted', detail: '{"ended":0}' })
    t.equal((await auth.post('/register', { email, password })).statusCode, 201, 'free again')
    t.not((await auth.login()).json().session.id, auth.tokens.session.id)
  })

  for (const first of ['login', 'deletion'] as const) {
    t.test(
      `${name}: of a login and the deletion at one moment, one wins: the ${first} came first`,
      { skip },
      async (t) => {
        const auth = await deletingUser(t, await (await make(t)).open())
        await auth.remove()
        auth.clock.advance(GRACE_DAYS * DAY_MS)
        const account = await accountStore(auth.database).findById(auth.user.id)
        if (account === null) throw new Error('no account')
        const now = Math.floor(auth.clock() / 1000)
        const opened = { ...opening, openedAt: now, expiresAt: now + 1000 }
        const login = () =>
          auth.state.durable.open(account, 'late', opened, source, { amr: BY_PASSWORD })
        const [one, two] = first === 'login' ? [login, auth.eraseDue] : [auth.eraseDue, login]
        const results = await Promise.all([one(), two(), auth.eraseDue()])
        const hasKept = results.some((result) => result !== null && result !== undefined)
        t.equal(await auth.exists(), hasKept)
        const open = await auth.state.durable.list(auth.user.id, [])
        t.strictSame(
          open.map(({ sid }) => sid),
          hasKept ? ['late'] : []
        )
      }
    )
  }
}

t.test('an account stays while it is disabled, and is kept when it is enabled', async (t) => {
  const auth = await deletingUser(t)
  const operator = async (method: 'GET' | 'POST', what: string) =>
    await auth.ops.inject({
      method,
      url: `/ops/users/${auth.user.id}${what}`,
      headers: { authorization: `Bearer ${OPS_TOKEN}` }
    })
  const { deletionAt } = (await auth.remove()).json()
  t.match((await operator('GET', '')).json(), { user: { deletionAt } })
  await operator('POST', '/disable')
  auth.clock.advance(2 * GRACE_DAYS * DAY_MS)
  await auth.eraseDue()
  t.ok(await auth.exists())
  t.match((await operator('POST', '/enable')).json(), { user: { deletionAt: null } })
  await auth.eraseDue()
  t.ok(await auth.exists())
  t.strictSame((await auth.kinds()).slice(-2), ['user-enabled', 'deletion-cancelled'])
})

t.test('a session that an earlier version opened keeps the account', async (t) => {
  const auth = await deletingUser(t)
  await auth.remove()
  auth.clock.advance(GRACE_DAYS * DAY_MS)
  const now = Math.floor(auth.clock() / 1000)
  const { durable } = auth.state
  const opened = { ...opening, openedAt: now, expiresAt: now + 1000 }
  await durable.adopt(auth.user.id, 'of an earlier version', opened, now)
  await auth.eraseDue()
  t.ok(await auth.exists())
  t.match((await audited(auth)).at(-1), { kind: 'deletion-cancelled', address: 'schedule' })
})

t.test('an account that is deleted leaves others as they are', async (t) => {
  const auth = await deletingUser(t)
  await auth.post('/register', { email: 'ben@example.com', password })
  await auth.remove()
  auth.clock.advance(GRACE_DAYS * DAY_MS)
  await auth.eraseDue()
  t.equal((await auth.post('/login', { email: 'ben@example.com', password })).statusCode, 200)
})

t.test('an account that cannot be deleted keeps no other one from it', async (t) => {
  const auth = await deletingUser(t)
  await auth.post('/register', { email: 'ben@example.com', password })
  await auth.remove()
  await auth.database
    .updateTable('accounts')
    .set(({ ref }) => ({ delete_after: ref('created_at') }))
    .where('email', '=', 'ben@example.com')
    .execute()
  await sql`create trigger refused before delete on accounts when old.email = 'ben@example.com'
    begin select raise(abort, 'refused'); end`.execute(auth.database)
  auth.clock.advance(GRACE_DAYS * DAY_MS)
  await t.rejects(auth.eraseDue(), { message: 'refused' })
  t.notOk(await auth.exists())
  t.equal((await auth.post('/login', { email: 'ben@example.com', password })).statusCode, 200)
})
