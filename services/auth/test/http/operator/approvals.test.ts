import t from 'tap'
import { audited } from '../../fixtures/auth-service.ts'
import { withOperators } from '../../fixtures/named-operators.ts'
import { isProblem } from '../../fixtures/problem.ts'

const notWaiting = {
  code: 'NOT_FOUND',
  detail: 'no request with this id waits for an approval'
} as const
const noSuchKey = { code: 'NOT_FOUND', detail: 'there is no such key' } as const

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

t.test('an approval can be withdrawn until it is used, and ends with either token', async (t) => {
  const { auth, call, create } = await withOperators(t, { fourEyes: 'keys' })
  const [ada, bob] = [await create('ada', 'operator'), await create('bob', 'operator')]
  await create('cleo', 'operator')
  const revoke = '/ops/keys/none/revoke'
  const ask = async (): Promise<string> => (await ada('POST', revoke)).json().approval.id
  const decide = (id: string, decision: string) => bob('POST', `/ops/approvals/${id}/${decision}`)
  const approved = async () => decide(await ask(), 'approve')

  await approved()
  const { id } = (await bob('GET', '/ops/approvals')).json().approvals[0]
  t.match((await decide(id, 'reject')).json(), { approval: { state: 'rejected' } })
  t.equal((await ada('POST', revoke)).statusCode, 202)

  await approved()
  await call('DELETE', '/ops/operators/cleo')
  isProblem(
    t,
    await ada('POST', revoke),
    noSuchKey,
    'the token of another operator does not matter'
  )
  await call('DELETE', '/ops/operators/bob')
  t.equal((await ada('POST', revoke)).statusCode, 202, 'somebody else may have approved it')
  await create('bob', 'operator')
  t.equal((await ada('POST', revoke)).statusCode, 202, 'and no later token makes it valid again')
  await call('DELETE', '/ops/operators/ada')
  t.strictSame((await call('GET', '/ops/approvals')).json(), { approvals: [] })
  const ends = (await audited(auth)).filter(({ kind }) => kind === 'request-rejected')
  t.strictSame(
    ends.map(({ operator }) => operator),
    ['bob', 'bootstrap', 'bootstrap']
  )
})

t.test('twenty requests of an operator can wait, so that those of others are found', async (t) => {
  const { create } = await withOperators(t, { fourEyes: 'keys' })
  const ada = await create('ada', 'operator')
  const revoke = (number: number) => ada('POST', `/ops/keys/key-${number}/revoke`)
  for (let number = 0; number < 20; number += 1) t.equal((await revoke(number)).statusCode, 202)
  isProblem(t, await revoke(20), {
    code: 'FORBIDDEN',
    detail: '20 requests of ada wait for an approval: withdraw one of them first'
  })
  const known = await revoke(3)
  t.equal(known.statusCode, 202)
  await ada('POST', `/ops/approvals/${known.json().approval.id}/reject`)
  t.equal((await revoke(20)).statusCode, 202)
})

t.test(
  'an operator and the creator of their token cannot approve each other’s requests until the token is replaced',
  async (t) => {
    const { auth, call, as, create } = await withOperators(t, { fourEyes: 'tokens' })
    const [ada, bob] = [await create('ada', 'admin'), await create('bob', 'viewer')]
    const cleo = { name: 'cleo', role: 'admin' }
    const ask = async (who: typeof ada, body?: object, url = '/ops/tokens/revoke-all') =>
      (await who('POST', url, body)).json().approval.id
    const approve = (who: typeof ada, id: string) => who('POST', `/ops/approvals/${id}/approve`)
    await call('DELETE', '/ops/operators/bob')
    isProblem(t, await bob('POST', '/ops/operators/me/token'), { code: 'UNAUTHENTICATED' })
    const asked = await ask(call as typeof ada, { name: 'bob', role: 'admin' }, '/ops/operators')
    await approve(ada, asked)
    const admin = await create('bob', 'admin')
    await approve(admin, await ask(ada, cleo, '/ops/operators'))
    const { token } = (await ada('POST', '/ops/operators', cleo)).json()

    const own = await ask(ada)
    const detail =
      'ada created the token of cleo and may still have it: cleo must replace it first (ops operators renew)'
    isProblem(t, await approve(as(token), own), { code: 'FORBIDDEN', detail })
    isProblem(t, await approve(ada, await ask(as(token))), { code: 'FORBIDDEN', detail })
    const renewed = (await as(token)('POST', '/ops/operators/me/token')).json()
    t.match(renewed, { name: 'cleo', expiresAt: /Z$/ })
    isProblem(t, await as(token)('GET', '/ops/operators/me'), { code: 'UNAUTHENTICATED' })
    t.equal((await approve(as(renewed.token), own)).statusCode, 200)
    isProblem(t, await call('POST', '/ops/operators/me/token'), {
      code: 'FORBIDDEN',
      detail: 'the bootstrap token is a setting: change AUTH_OPS_TOKEN'
    })
    t.match(
      (await audited(auth)).filter(({ kind }) => kind === 'operator-renewed'),
      [{ subject: 'cleo', operator: 'cleo' }]
    )
  }
)
