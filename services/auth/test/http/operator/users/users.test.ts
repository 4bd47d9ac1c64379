import t from 'tap'
import { email, login, password, registered } from '../../../fixtures/auth-service.ts'
import { noSuchUser, operating } from '../../../fixtures/operating.ts'
import { isProblem } from '../../../fixtures/problem.ts'

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
    'assigned',
    'claims',
    'createdAt',
    'deletionAt',
    'disabled',
    'email',
    'emailVerified',
    'id',
    'provided',
    'roles',
    'scope'
  ])
  t.equal((await login(auth, 'root@example.com')).tokenType, 'Bearer')
  isProblem(t, await call('POST', '/ops/users', { email: 'root@example.com', password }), {
    code: 'CONFLICT',
    detail: 'the e-mail address is taken'
  })
})

t.test('the rules of a registration apply to operators', async (t) => {
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

t.test('a user is named by an address of any length that an address may have', async (t) => {
  const { auth, call } = await operating(t)
  const long = `${'a'.repeat(120)}@${'b'.repeat(120)}.example`
  await registered(auth, long)
  t.equal((await call('POST', `/ops/users/${encodeURIComponent(long)}/disable`)).statusCode, 200)
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
