import t, { type Test } from 'tap'
import {
  audited,
  authService,
  email,
  login,
  OPS_TOKEN,
  password,
  registered,
  signedIn
} from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'
import { revokedSids } from '../../fixtures/stores.ts'

async function operating(t: Test, options: Parameters<typeof authService>[1] = {}) {
  const auth = await authService(t, options)
  const headers = { authorization: `Bearer ${OPS_TOKEN}` }
  const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) =>
    auth.ops.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
  return { auth, call }
}

const wrongCredentials = {
  code: 'UNAUTHENTICATED',
  detail: 'the e-mail address or the password is wrong'
} as const
const noSuchUser = { code: 'NOT_FOUND', detail: 'there is no such user' } as const

const refresh = (auth: Awaited<ReturnType<typeof authService>>, refreshToken: string) =>
  auth.post('/refresh-token', { refreshToken })

t.test('an operator creates users, including the first admin', async (t) => {
  const { auth, call } = await operating(t)
  const roles = ['admin', 'user']
  const answer = await call('POST', '/ops/users', { email: 'Root@Example.com', password, roles })
  t.equal(answer.statusCode, 201)
  t.match(answer.json().user, {
    email: 'root@example.com',
    roles,
    scope: ['orders:read', 'orders:write'],
    disabled: false,
    createdAt: new Date(auth.clock()).toISOString()
  })
  t.strictSame(Object.keys(answer.json().user).sort(), [
    'claims',
    'createdAt',
    'disabled',
    'email',
    'id',
    'roles',
    'scope'
  ])
  t.equal((await login(auth, 'root@example.com')).tokenType, 'Bearer')
  isProblem(t, await call('POST', '/ops/users', { email: 'root@example.com', password }), {
    code: 'CONFLICT',
    detail: 'the e-mail address is taken'
  })
})

t.test('the rules of a registration apply to operators too', async (t) => {
  const { call } = await operating(t)
  const bad: object[] = [
    {},
    { email },
    { password },
    { email: 'nobody', password },
    { email, password: 'short' },
    { email, password: 'password' },
    { email, password: email },
    { email, password, id: 'x' },
    { email, password: '\ud800bcdefghij' },
    { email: 'a\0@b.example', password },
    ...['', 'a b', 'a,b', 'a"b', 'a\nb', 'é', '\u202e', 'x'.repeat(65)].flatMap((word) => [
      { email, password, roles: [word] },
      { email, password, scope: [word] }
    ]),
    { email, password, roles: ['admin', 'admin'] },
    { email, password, roles: 'admin' }
  ]
  for (const body of bad) {
    const answer = await call('POST', '/ops/users', body)
    t.match(answer.json(), { code: 'INVALID_REQUEST', status: 400 }, JSON.stringify(body))
  }
  t.strictSame((await call('GET', '/ops/users')).json().users, [])
})

t.test('users are listed a page at a time', async (t) => {
  const { auth, call } = await operating(t)
  for (const who of ['c@x.example', 'a@x.example', 'b@x.example']) await registered(auth, who)
  const page = async (query: string) => (await call('GET', `/ops/users?${query}`)).json()
  const emails = ({ users }: { users: { email: string }[] }) => users.map((user) => user.email)
  const first = await page('limit=2')
  t.strictSame(emails(first), ['a@x.example', 'b@x.example'])
  t.equal(first.next, 'b@x.example')
  const last = await page(`limit=2&after=${encodeURIComponent(first.next)}`)
  t.strictSame([emails(last), last.next], [['c@x.example'], null])
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=-1']) {
    t.equal((await page(query)).code, 'INVALID_REQUEST', query)
  }
})

t.test('a disabled user is signed out everywhere at once', async (t) => {
  const { auth, call } = await operating(t)
  const { user, tokens } = await signedIn(auth)
  const other = await login(auth)

  const answer = await call('POST', `/ops/users/${user.id}/disable`)

  t.match(answer.json(), { user: { id: user.id, disabled: true }, ended: 2 })
  const ids = [tokens.session.id, other.session.id]
  t.strictSame((await revokedSids(auth.store)).sort(), ids.sort(), 'every gateway hears of it')
  isProblem(t, await refresh(auth, tokens.refreshToken), { code: 'SESSION_ENDED' })
  isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)

  const enabled = await call('POST', `/ops/users/${encodeURIComponent(email)}/enable`)
  t.match(enabled.json(), { user: { disabled: false } }, 'by e-mail as well')
  t.equal((await auth.post('/login', { email, password })).statusCode, 200)
  isProblem(t, await refresh(auth, other.refreshToken), { code: 'SESSION_ENDED' })
  const kinds = (await audited(auth)).map(({ kind, address }) => `${kind} ${address}`)
  t.ok(kinds.includes('user-disabled ops') && kinds.includes('user-enabled ops'))
})

t.test('a login in progress when its user is disabled opens no session', async (t) => {
  let disable = async (): Promise<unknown> => null
  const { auth, call } = await operating(t, {
    // The moment between the check of the password and the end of the user's sessions.
    families: (real) => ({
      ...real,
      async open(...opening) {
        await disable()
        return real.open(...opening)
      }
    })
  })
  const { id } = await registered(auth)
  disable = () => call('POST', `/ops/users/${id}/disable`)
  isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)
  t.strictSame(await auth.state.listSessions(id), [])
  t.strictSame(await auth.store.families.list(id), [], 'nothing is left alive')
})

t.test('a login in progress when its user is deleted opens no session', async (t) => {
  let remove = async (): Promise<unknown> => null
  const { auth, call } = await operating(t, {
    families: (real) => ({
      ...real,
      async open(...opening) {
        await remove()
        return real.open(...opening)
      }
    })
  })
  const { id } = await registered(auth)
  remove = () => call('DELETE', `/ops/users/${id}`)
  isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)
  t.strictSame(await auth.store.families.list(id), [], 'nothing is left alive')
})

t.test(
  'a password that an operator sets replaces the old one and ends every session',
  async (t) => {
    const { auth, call } = await operating(t)
    const { user, tokens } = await signedIn(auth)
    const path = `/ops/users/${encodeURIComponent(email)}/password`

    const answer = await call('PUT', path, { password: 'a new password' })

    t.match(answer.json(), { user: { id: user.id }, ended: 1 })
    t.strictSame(await revokedSids(auth.store), [tokens.session.id], 'every gateway hears of it')
    isProblem(t, await refresh(auth, tokens.refreshToken), { code: 'SESSION_ENDED' })
    isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)
    const login = await auth.post('/login', { email, password: 'a new password' })
    t.equal(login.statusCode, 200)
    for (const password of ['short', 'password', email, 'a new \ud800', 7]) {
      const refused = await call('PUT', path, { password })
      t.match(refused.json(), { code: 'INVALID_REQUEST' }, 'by the rules of a registration')
    }
    t.match((await call('PUT', path, { password, more: 1 })).json(), { code: 'INVALID_REQUEST' })
  }
)

t.test('rights that no gateway would forward are refused', async (t) => {
  const { auth, call } = await operating(t)
  const { id } = await registered(auth)
  const words = (count: number, length: number) =>
    Array.from({ length: count }, (_, n) => `${n}`.padStart(length, 'r'))
  const tooMany = { code: 'INVALID_REQUEST', detail: /^body\/\w+ would not fit: .*4096 allowed/ }
  const put = (what: string, payload: object) => call('PUT', `/ops/users/${id}/${what}`, payload)
  t.match((await put('roles', { roles: words(64, 64) })).json(), tooMany)
  t.equal((await put('roles', { roles: words(40, 64) })).statusCode, 200)
  t.match((await put('scope', { scope: words(40, 64) })).json(), tooMany, 'both of them count')
  t.equal((await put('scope', { scope: words(10, 64) })).statusCode, 200)
  t.match((await put('email', { email: `${'é'.repeat(120)}@example.com` })).json(), tooMany)
  const next = { email: 'new@example.com', password, roles: words(60, 64), scope: words(60, 64) }
  t.match((await call('POST', '/ops/users', next)).json(), tooMany)
})

t.test('a new password ends the wait that strangers have caused', async (t) => {
  const { auth, call } = await operating(t)
  const { id } = await registered(auth)
  const login = (password: string) => auth.post('/login', { email, password })
  for (let guess = 0; guess < 6; guess++) isProblem(t, await login('a guess'), wrongCredentials)
  isProblem(t, await login(password), { code: 'RATE_LIMITED' }, 'the owner is new here')
  const next = 'a new password'
  t.equal((await call('PUT', `/ops/users/${id}/password`, { password: next })).statusCode, 200)
  t.equal((await login(next)).statusCode, 200)
})

t.test('an operator changes the scope and the address; sessions continue', async (t) => {
  const { auth, call } = await operating(t)
  const { user, tokens } = await signedIn(auth)
  await registered(auth, 'eve@example.com')
  const scope = ['orders:read', 'reports']
  const scoped = await call('PUT', `/ops/users/${user.id}/scope`, { scope })
  t.match(scoped.json().user, { id: user.id, scope })
  const moved = await call('PUT', `/ops/users/${email}/email`, { email: ' Ada@New.Example ' })
  t.match(moved.json().user, { id: user.id, email: 'ada@new.example', scope })

  const { accessToken, refreshToken } = (await refresh(auth, tokens.refreshToken)).json()
  const [, claims = ''] = accessToken.split('.')
  t.match(JSON.parse(Buffer.from(claims, 'base64url').toString()), {
    scope: scope.join(' '),
    email: 'ada@new.example'
  })
  isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)
  t.equal((await auth.post('/login', { email: 'ada@new.example', password })).statusCode, 200)

  const path = `/ops/users/${user.id}/email`
  isProblem(t, await call('PUT', path, { email: 'eve@example.com' }), {
    code: 'CONFLICT',
    detail: 'the e-mail address is taken'
  })
  isProblem(t, await call('PUT', path, { email: 'nobody' }), {
    code: 'INVALID_REQUEST',
    detail: 'body/email must be an e-mail address'
  })
  for (const body of [{}, { scope: 'a' }, { scope: ['a b'] }, { scope: [], x: 1 }]) {
    t.equal((await call('PUT', `/ops/users/${user.id}/scope`, body)).statusCode, 400)
  }
  t.equal((await call('PUT', path, { email: 'ADA@new.example' })).statusCode, 200, 'no change')
  t.equal((await refresh(auth, refreshToken)).statusCode, 200)
  const kinds = (await audited(auth)).map(({ kind }) => kind)
  t.equal(kinds.filter((kind) => kind === 'email-changed').length, 1, 'and no event of it')
})

t.test('a deleted user is unknown, and the audit log keeps the events', async (t) => {
  const { auth, call } = await operating(t)
  const { user, tokens } = await signedIn(auth)
  const shown = await call('GET', `/ops/users/${email}`)
  t.match(shown.json(), { user: { id: user.id, email }, sessions: 1 })

  const answer = await call('DELETE', `/ops/users/${encodeURIComponent(email)}`)

  t.strictSame(answer.json(), { id: user.id, ended: 1 })
  t.strictSame(await revokedSids(auth.store), [tokens.session.id], 'every gateway hears of it')
  isProblem(t, await refresh(auth, tokens.refreshToken), { code: 'SESSION_ENDED' })
  isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)
  isProblem(t, await call('GET', `/ops/users/${user.id}`), noSuchUser)
  const log = (await call('GET', `/ops/audit?user=${user.id}`)).json().events
  t.strictSame(log.map(({ kind }: { kind: string }) => kind).sort(), [
    'login',
    'user-created',
    'user-deleted'
  ])
  t.notMatch(JSON.stringify(await audited(auth)), email)
  const again = await registered(auth)
  t.not(again.id, user.id, 'the address is free, and another person')
})

t.test('a user is named by an address of any length that an address may have', async (t) => {
  const { auth, call } = await operating(t)
  const long = `${'a'.repeat(120)}@${'b'.repeat(120)}.example`
  await registered(auth, long)
  t.equal((await call('POST', `/ops/users/${encodeURIComponent(long)}/disable`)).statusCode, 200)
})

t.test('roles are in the next access token', async (t) => {
  const { auth, call } = await operating(t)
  const { user, tokens } = await signedIn(auth)
  const answer = await call('PUT', `/ops/users/${user.id}/roles`, { roles: ['admin'] })
  t.match(answer.json().user, { id: user.id, roles: ['admin'] })
  const { accessToken } = (await refresh(auth, tokens.refreshToken)).json()
  const [, claims = ''] = accessToken.split('.')
  t.strictSame(JSON.parse(Buffer.from(claims, 'base64url').toString()).roles, ['admin'])
  for (const body of [
    {},
    { roles: 'admin' },
    { roles: [''] },
    { roles: ['a,b'] },
    { roles: [], x: 1 }
  ]) {
    t.equal((await call('PUT', `/ops/users/${user.id}/roles`, body)).statusCode, 400)
  }
})

t.test('sessions of a user are listed, and ended one by one or all', async (t) => {
  const { auth, call } = await operating(t)
  const { user, tokens } = await signedIn(auth)
  const others = [await login(auth), await login(auth)]
  const listed = (await call('GET', `/ops/users/${user.id}/sessions`)).json().sessions
  t.equal(listed.length, 3)
  const own = listed.find(({ id }: { id: string }) => id === tokens.session.id)
  t.match(own, { label: String, createdAt: /Z$/, lastUsedAt: /Z$/, expiresAt: /Z$/ })

  t.match((await call('DELETE', `/ops/sessions/${tokens.session.id}`)).json(), { ended: 1 })
  isProblem(t, await refresh(auth, tokens.refreshToken), { code: 'SESSION_ENDED' })
  isProblem(t, await call('DELETE', `/ops/sessions/${tokens.session.id}`), { code: 'NOT_FOUND' })
  isProblem(t, await call('DELETE', '/ops/sessions/none'), { code: 'NOT_FOUND' })

  t.match((await call('DELETE', `/ops/users/${user.id}/sessions`)).json(), { ended: 2 })
  for (const { refreshToken } of others) {
    isProblem(t, await refresh(auth, refreshToken), { code: 'SESSION_ENDED' })
  }
})

t.test('an unknown user is not found', async (t) => {
  const { call } = await operating(t)
  const id = '00000000-0000-4000-8000-000000000000'
  for (const who of [id, 'nobody', 'nobody@example.com', "'%20or%201=1%20--", '%F0%9F%90%8E']) {
    const calls = [
      await call('POST', `/ops/users/${who}/disable`),
      await call('POST', `/ops/users/${who}/enable`),
      await call('PUT', `/ops/users/${who}/roles`, { roles: [] }),
      await call('PUT', `/ops/users/${who}/scope`, { scope: [] }),
      await call('PUT', `/ops/users/${who}/email`, { email }),
      await call('PUT', `/ops/users/${who}/password`, { password }),
      await call('GET', `/ops/users/${who}`),
      await call('DELETE', `/ops/users/${who}`),
      await call('GET', `/ops/users/${who}/sessions`),
      await call('DELETE', `/ops/users/${who}/sessions`),
      await call('GET', `/ops/audit?user=${who}`)
    ]
    for (const answer of calls) isProblem(t, answer, noSuchUser, who)
  }
})

t.test('the audit log is read by user, by kind and by time, the newest first', async (t) => {
  const { auth, call } = await operating(t)
  await signedIn(auth, 'eve@example.com')
  auth.clock.advance(60_000)
  const since = new Date(auth.clock()).toISOString()
  const { user, tokens } = await signedIn(auth)
  auth.clock.advance(1000)
  await auth.post('/logout', { refreshToken: tokens.refreshToken })

  const events = async (query: string) => (await call('GET', `/ops/audit?${query}`)).json().events
  const kinds = async (query: string) =>
    (await events(query)).map(({ kind }: { kind: string }) => kind).sort()
  const all = ['login', 'logout', 'user-created']
  t.strictSame(await kinds(`user=${user.id}`), all)
  t.strictSame(await kinds(`since=${since}`), all)
  t.strictSame(await kinds('limit=1'), ['logout'])
  t.strictSame(await kinds('kind=login'), ['login', 'login'])
  t.strictSame(await kinds(`kind=login&user=${user.id}`), ['login'])
  t.match((await events('limit=1'))[0], { user: user.id, session: tokens.session.id, at: /Z$/ })
  for (const query of ['since=yesterday', 'limit=0', 'since=2026', 'kind=logins']) {
    t.equal((await call('GET', `/ops/audit?${query}`)).statusCode, 400, query)
  }
})

t.test('an invalid parameter is refused by its name', async (t) => {
  const { call } = await operating(t)
  const instant = 'must be an instant in UTC, such as 2026-11-23T10:00:00Z'
  const limit = 'must be a whole number from 1 to 1000'
  const bad = {
    since: [
      'yesterday',
      '',
      '2026-11-23',
      '2026-13-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '2026-11-23T25:00:00Z',
      '2026-11-23T10:00:00+01:00',
      '2026-11-23T::Z',
      '%00',
      '99999-01-01T00:00:00Z',
      '-000001-01-01T00:00:00Z',
      '2026-11-23T10:00:00Z%00'
    ],
    limit: ['0', '-1', '1001', '1e3', '9'.repeat(30), '1.5', '%00', '']
  }
  for (const text of bad.since) {
    const answer = await call('GET', `/ops/audit?since=${text}`)
    isProblem(t, answer, { code: 'INVALID_REQUEST', detail: `querystring/since ${instant}` }, text)
  }
  for (const path of ['/ops/audit', '/ops/users']) {
    for (const text of bad.limit) {
      const answer = await call('GET', `${path}?limit=${text}`)
      isProblem(t, answer, { code: 'INVALID_REQUEST', detail: `querystring/limit ${limit}` }, text)
    }
  }
  isProblem(t, await call('GET', '/ops/users?after=%00'), {
    code: 'INVALID_REQUEST',
    detail: 'querystring/after must be an e-mail address, or the beginning of one'
  })
  for (const good of ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '2028-02-29T00:00:00Z']) {
    t.equal((await call('GET', `/ops/audit?since=${good}`)).statusCode, 200, good)
  }
})
