import t from 'tap'
import { audited } from '../../fixtures/auth-service.ts'
import { operating } from '../../fixtures/operating.ts'
import { isProblem } from '../../fixtures/problem.ts'

const notWaiting = {
  code: 'NOT_FOUND',
  detail: 'no request with this id waits for an approval'
} as const
const noSuchKey = { code: 'NOT_FOUND', detail: 'there is no such key' } as const

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** An auth service, the holder of the bootstrap token, and named operators. */
async function withOperators(
  t: Parameters<typeof operating>[0],
  options: Parameters<typeof operating>[1] = {}
) {
  const { auth, call } = await operating(t, options)
  const as =
    (token: string) =>
    (method: Method, url: string, payload?: object, headers: Record<string, string> = {}) =>
      auth.ops.inject({
        method,
        url,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(payload === undefined ? {} : { payload })
      })
  const create = async (name: string, role: string, more: object = {}) => {
    const answer = await call('POST', '/ops/operators', { name, role, ...more })
    if (answer.statusCode !== 201) throw new Error(answer.body)
    return as(answer.json().token)
  }
  return { auth, call, as, create }
}

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

t.test(
  'with AUTH_OPS_FOUR_EYES, a second operator approves a change, which is made once',
  async (t) => {
    const { auth, call, create } = await withOperators(t, { fourEyes: 'keys sessions' })
    const ada = await create('ada', 'operator')
    const bob = await create('bob', 'operator')
    const { kid } = auth.signing.live.active()
    const revoke = `/ops/keys/${kid}/revoke`
    const asked = await ada('POST', revoke)
    t.equal(asked.statusCode, 202)
    const { approval } = asked.json()
    t.match(approval, {
      operation: 'revokeKey',
      params: { kid },
      state: 'pending',
      requestedBy: 'ada'
    })
    t.equal((await ada('POST', revoke)).json().approval.id, approval.id, 'it waits once')
    t.match((await bob('GET', '/ops/approvals')).json().approvals, [{ id: approval.id }])

    const approve = `/ops/approvals/${approval.id}/approve`
    isProblem(t, await ada('POST', approve), {
      code: 'FORBIDDEN',
      detail: 'another operator must approve this request'
    })
    isProblem(t, await call('POST', approve), {
      code: 'FORBIDDEN',
      detail: 'a named operator must approve this request, not the bootstrap token'
    })
    t.match((await bob('POST', approve)).json(), {
      approval: { state: 'approved', decidedBy: 'bob' }
    })
    isProblem(t, await bob('POST', approve), notWaiting, 'once')
    t.equal((await bob('POST', revoke)).statusCode, 202, 'it is for the request of ada only')
    t.equal((await ada('POST', '/ops/keys/none/revoke')).statusCode, 202, 'and for this key only')
    t.match((await ada('POST', revoke)).json().keys, [{ kid, state: 'revoked' }])
    t.equal((await ada('POST', revoke)).statusCode, 202, 'another time needs another approval')

    const kinds = (await audited(auth))
      .filter(({ subject }) => [approval.id, kid].includes(subject ?? ''))
      .map(({ kind, operator }) => `${kind} ${operator}`)
    t.strictSame(kinds, ['approval-requested ada', 'request-approved bob', 'key-revoked ada'])
  }
)

t.test(
  'an approval expires after an hour, can be rejected, and survives a failed attempt',
  async (t) => {
    const { auth, create } = await withOperators(t, { fourEyes: 'keys sessions' })
    const ada = await create('ada', 'admin')
    const bob = await create('bob', 'operator')
    const activate = '/ops/keys/none/activate'
    const ask = async (url: string, body?: object) =>
      (await ada('POST', url, body)).json().approval.id
    const decide = (id: string, decision: string) => bob('POST', `/ops/approvals/${id}/${decision}`)
    await decide(await ask(activate), 'approve')
    isProblem(t, await ada('POST', activate), noSuchKey)
    isProblem(t, await ada('POST', activate), noSuchKey, 'the approval still works')
    auth.clock.advance(3_600_000)
    const later = await ask(activate)
    auth.clock.advance(3_600_000)
    isProblem(t, await decide(later, 'approve'), notWaiting)
    const refused = await ask(activate)
    t.match((await decide(refused, 'reject')).json(), { approval: { state: 'rejected' } })
    t.equal((await ada('POST', activate)).statusCode, 202)

    const everything = await ask('/ops/sessions/end-all', {})
    isProblem(t, await decide(everything, 'approve'), {
      code: 'FORBIDDEN',
      detail: 'this request needs the role admin, and bob has the role operator'
    })
    t.equal((await ada('POST', '/ops/operators', { name: 'eve', role: 'admin' })).statusCode, 202)
  }
)

t.test('other changes that make all tokens stale need two operators too', async (t) => {
  const { auth, create } = await withOperators(t, { fourEyes: 'tokens' })
  await create('vera', 'viewer')
  await create('otto', 'operator')
  const ada = await create('ada', 'admin')
  const { kid } = auth.signing.live.active()
  const answers = [
    await ada('POST', '/ops/tokens/revoke-all'),
    await ada('POST', '/ops/sessions/end-all', { openedBefore: '2000-01-01T00:00:00Z' }),
    await ada('POST', `/ops/keys/${kid}/revoke`),
    await ada('POST', '/ops/operators', { name: 'eve', role: 'admin' })
  ]
  t.strictSame(
    answers.map(({ statusCode }) => statusCode),
    [202, 202, 202, 202]
  )
})
