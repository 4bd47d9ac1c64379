import t from 'tap'
import { authService, email, OPS_TOKEN, password } from '../../fixtures/auth-service.ts'
import { badText, missing, nothing, refusesBodies, unreadable } from '../../fixtures/bad-bodies.ts'
import { isProblem } from '../../fixtures/problem.ts'

const valid = { email, password }

t.test('a registration creates an account, and returns only public members', async (t) => {
  const { post } = await authService(t)
  const answer = await post('/register', valid)
  t.equal(answer.statusCode, 201)
  const { user } = answer.json()
  t.strictSame(answer.json(), { user: { id: user.id, email, roles: ['user'] } })
  t.match(user.id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a UUID')
  t.equal(answer.headers['cache-control'], 'no-store')
})

t.test('an invalid body is refused in the documented form', async (t) => {
  const auth = await authService(t)
  await refusesBodies(t, auth, '/register', {
    ...unreadable(valid),
    ...nothing,
    ...missing(valid, 'email'),
    ...missing(valid, 'password'),
    ...badText(valid, 'email', 1, 254),
    ...badText(valid, 'password', 8, 256)
  })
  t.strictSame(await auth.database.selectFrom('accounts').selectAll().execute(), [], 'no account')
})

t.test('an invalid e-mail address is refused', async (t) => {
  const { post } = await authService(t)
  const detail = 'body/email must be an e-mail address'
  const addresses = ['ada', 'ada@', '@example.com', 'a b@example.com', 'ada@@example.com']
  const unseen = [
    'ada@exam\u0000ple.com',
    'ada\u200b@example.com',
    'ada\u202e@example.com',
    '\ud800@x.y'
  ]
  for (const email of [...addresses, ...unseen, `ada@${'ﬃ'.repeat(100)}`]) {
    const answer = await post('/register', { email, password })
    isProblem(t, answer, { code: 'INVALID_REQUEST', detail }, JSON.stringify(email))
  }
})

t.test('a password that is not valid Unicode is refused', async (t) => {
  const { post } = await authService(t)
  const answer = await post('/register', { email, password: `${password}\ud800` })
  isProblem(t, answer, { code: 'INVALID_REQUEST', detail: 'body/password must be valid Unicode' })
})

t.test('people who read one address have one account', async (t) => {
  const { post } = await authService(t)
  await post('/register', { email: 'renée@example.com', password })
  const spellings = {
    'in capitals': 'RENÉE@EXAMPLE.COM',
    'in full-width letters': 'ｒｅｎée＠ｅｘａｍｐｌｅ．ｃｏｍ',
    'with an accent of its own': 'rene\u0301e@example.com'
  }
  for (const [title, email] of Object.entries(spellings)) {
    const answer = await post('/register', { email, password: 'another password' })
    isProblem(t, answer, { code: 'CONFLICT', detail: 'the e-mail address is taken' }, title)
    t.equal((await post('/login', { email, password })).statusCode, 200, `${title}: signs in`)
  }
})

t.test('one of fifty simultaneous registrations of an address succeeds', async (t) => {
  const { post, database } = await authService(t)
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, turn) =>
      post('/register', { email: turn % 2 ? email : email.toUpperCase(), password })
    )
  )
  const statuses = answers.map(({ statusCode }) => statusCode)
  t.equal(statuses.filter((status) => status === 201).length, 1)
  t.equal(statuses.filter((status) => status === 409).length, 49)
  t.equal((await database.selectFrom('accounts').selectAll().execute()).length, 1)
})

t.test('the database holds no password', async (t) => {
  const { post, database } = await authService(t)
  await post('/register', valid)
  const [row] = await database.selectFrom('accounts').selectAll().execute()
  t.match(row?.password_hash, /^\$argon2id\$v=19\$m=\d+,t=\d+,p=1\$/, 'an argon2id hash')
  t.notMatch(JSON.stringify(row), password)
})

for (const registration of ['off', 'closed'] as const) {
  t.test(`if registration is ${registration}, only an operator can create accounts`, async (t) => {
    const auth = await authService(t, { registration })
    const detail = 'registration is off: only an operator can create accounts'
    isProblem(t, await auth.post('/register', valid), { code: 'FORBIDDEN', detail })
    isProblem(t, await auth.post('/register', {}), { code: 'FORBIDDEN', detail })
    t.strictSame(await auth.database.selectFrom('accounts').selectAll().execute(), [])
    const made = await auth.ops.inject({
      method: 'POST',
      url: '/ops/users',
      payload: valid,
      headers: { authorization: `Bearer ${OPS_TOKEN}`, host: 'auth.internal' }
    })
    t.equal(made.statusCode, 201)
    t.equal((await auth.post('/login', valid)).statusCode, 200, 'who can sign in')
  })
}

t.test('a signed-in user cannot register, even if a route lets the request through', async (t) => {
  const auth = await authService(t)
  const caller = await auth.gateway.signedIn({ subject: 'user-1' })
  const detail = 'sign out before you register another account'
  isProblem(t, await auth.post('/register', valid, caller), { code: 'FORBIDDEN', detail })
})
