import t from 'tap'
import { audited } from '../../fixtures/auth-service.ts'
import { withOperators } from '../../fixtures/named-operators.ts'
import { isProblem } from '../../fixtures/problem.ts'

t.test('a named operator has a token, which is shown once and works until it ends', async (t) => {
  const { auth, call, as, create } = await withOperators(t)
  const created = await call('POST', '/ops/operators', { name: 'ada', role: 'viewer' })
  const { operator, token } = created.json()
  t.match(operator, { name: 'ada', role: 'viewer', state: 'live', createdBy: 'bootstrap' })
  const ada = as(token)
  t.match((await ada('GET', '/ops/operators/me')).json(), { name: 'ada', role: 'viewer' })
  t.match((await call('GET', '/ops/operators/me')).json(), { name: 'bootstrap', expiresAt: null })
  const stored = JSON.stringify(await auth.database.selectFrom('operators').selectAll().execute())
  t.notMatch(stored, token)
  const list = async () => (await call('GET', '/ops/operators')).json().operators
  t.match(await list(), [{ name: 'ada', lastUsedAt: /Z$/ }])

  const detail = 'the operator ada has a live token: revoke it first'
  const again = await call('POST', '/ops/operators', { name: 'ada', role: 'admin' })
  isProblem(t, again, { code: 'CONFLICT', detail })
  t.match((await call('DELETE', '/ops/operators/ada')).json(), { name: 'ada' })
  isProblem(t, await ada('GET', '/ops/keys'), { code: 'UNAUTHENTICATED' })
  isProblem(t, await call('DELETE', '/ops/operators/ada'), {
    code: 'NOT_FOUND',
    detail: 'there is no operator of that name with a live token'
  })
  const renewed = await create('ada', 'operator', { expiresInSeconds: 60 })
  t.equal((await renewed('GET', '/ops/keys')).statusCode, 200)
  auth.clock.advance(60_000)
  isProblem(t, await renewed('GET', '/ops/keys'), { code: 'UNAUTHENTICATED' })
  t.match(await list(), [{ name: 'ada', role: 'operator', state: 'expired' }])
  for (const name of ['bootstrap', 'me', 'ops', 'schedule', 'start']) {
    const answer = await call('POST', '/ops/operators', { name, role: 'viewer' })
    isProblem(t, answer, { code: 'CONFLICT', detail: `the name ${name} is reserved` })
  }
  for (const name of ['', 'Ada', 'ada@example.com', '../ada', 'a'.repeat(33)]) {
    t.equal((await call('POST', '/ops/operators', { name, role: 'viewer' })).statusCode, 400, name)
  }
})

t.test('a role that is missing is named, and the audit log names who made a change', async (t) => {
  const { auth, create } = await withOperators(t)
  const vera = await create('vera', 'viewer')
  const otto = await create('otto', 'operator')
  const anna = await create('anna', 'admin')
  for (const call of [vera, otto, anna]) {
    t.equal((await call('GET', '/ops/audit')).statusCode, 200, 'everybody reads')
  }
  isProblem(t, await vera('POST', '/ops/keys', {}), {
    code: 'FORBIDDEN',
    detail: 'this request needs the role operator, and vera has the role viewer'
  })
  isProblem(t, await otto('POST', '/ops/operators', { name: 'eve', role: 'admin' }), {
    code: 'FORBIDDEN',
    detail: 'this request needs the role admin, and otto has the role operator'
  })
  const user = { email: 'grace@example.com', password: 'amazing grace hopper' }
  isProblem(t, await otto('POST', '/ops/users', { ...user, roles: ['admin'] }), {
    code: 'FORBIDDEN',
    detail: 'body/roles needs the role admin, and otto has the role operator'
  })
  t.equal((await otto('POST', '/ops/users', user)).statusCode, 201)
  isProblem(t, await otto('PUT', '/ops/users/grace@example.com/roles', { roles: [] }), {
    code: 'FORBIDDEN',
    detail: 'this request needs the role admin, and otto has the role operator'
  })
  t.equal(
    (await anna('PUT', '/ops/users/grace@example.com/roles', { roles: ['admin'] })).statusCode,
    200
  )
  isProblem(t, await vera('GET', '/ops/nothing'), { code: 'NOT_FOUND' })
  isProblem(t, await anna('GET', '/ops/keys', undefined, { origin: 'http://localhost' }), {
    code: 'FORBIDDEN',
    detail: 'the ops API is not for browsers'
  })

  const events = (await audited(auth)).map(({ kind, subject, operator }) =>
    kind.startsWith('operator-') ? [kind, subject, operator] : [kind, operator]
  )
  t.strictSame(events, [
    ['operator-created', 'vera', 'bootstrap'],
    ['operator-created', 'otto', 'bootstrap'],
    ['operator-created', 'anna', 'bootstrap'],
    ['user-created', 'otto'],
    ['roles-changed', 'anna']
  ])
  t.match((await vera('GET', '/ops/audit?kind=roles-changed')).json().events, [
    { address: 'ops', operator: 'anna' }
  ])
})
