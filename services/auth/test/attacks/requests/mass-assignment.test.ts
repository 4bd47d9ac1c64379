import t from 'tap'
import { authService, email, password, registered } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'

/** Members of an account or a session that a body must not set. */
const members = {
  roles: ['admin'],
  scope: 'orders:read orders:write admin',
  id: '00000000-0000-4000-8000-000000000000',
  disabled: false,
  passwordHash: '$argon2id$',
  password_hash: '$argon2id$',
  created_at: 0,
  session: { id: 'chosen' },
  sid: 'chosen',
  family: 'chosen',
  client_id: 'somebody',
  toString: 'x'
}

/** JSON that would reach the prototype if it were parsed carelessly. */
const poisoned = ['"__proto__":{"roles":["admin"]}', '"constructor":{"prototype":{"roles":[]}}']

for (const path of ['/register', '/login', '/refresh-token', '/logout']) {
  t.test(`${path} accepts no other members`, async (t) => {
    const auth = await authService(t)
    await registered(auth, 'somebody@example.com')
    const valid = path.startsWith('/re') && path !== '/register' ? { refreshToken: 'x' } : undefined
    const body = valid ?? (path === '/logout' ? { refreshToken: 'x' } : { email, password })

    for (const [member, value] of Object.entries(members)) {
      const answer = await auth.post(path, { ...body, [member]: value })
      const detail = 'body must have no other members than the documented ones'
      isProblem(t, answer, { code: 'INVALID_REQUEST', detail }, member)
    }
    for (const member of poisoned) {
      const text = JSON.stringify(body).replace('{', `{${member},`)
      const answer = await auth.post(path, text, { 'content-type': 'application/json' })
      const detail = 'the request could not be read'
      isProblem(t, answer, { code: 'INVALID_REQUEST', detail }, member)
    }

    const accounts = await auth.database.selectFrom('accounts').selectAll().execute()
    t.equal(accounts.length, 1, 'no account is made')
    t.equal(accounts[0]?.roles, '["user"]')
    t.equal(Reflect.get({}, 'roles'), undefined, 'and no object has roles')
  })
}
