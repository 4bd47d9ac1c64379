import t from 'tap'
import { chainEvents } from '../../../src/audit-chain/chain-events.ts'
import { headSigner } from '../../../src/audit-chain/heads/head-signer.ts'
import { signHeads } from '../../../src/audit-chain/heads/sign-heads.ts'
import { login, signedIn } from '../../fixtures/auth-service.ts'
import { operating, refresh } from '../../fixtures/operating.ts'
import { isProblem } from '../../fixtures/problem.ts'

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
  const noSession = { code: 'NOT_FOUND', detail: 'there is no such session' } as const
  isProblem(t, await call('DELETE', `/ops/sessions/${tokens.session.id}`), noSession)
  isProblem(t, await call('DELETE', '/ops/sessions/none'), noSession)

  t.match((await call('DELETE', `/ops/users/${user.id}/sessions`)).json(), { ended: 2 })
  for (const { refreshToken } of others) {
    isProblem(t, await refresh(auth, refreshToken), { code: 'SESSION_ENDED' })
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

t.test('an event that somebody has altered in the database is shown as it is', async (t) => {
  const { auth, call } = await operating(t)
  await signedIn(auth)
  const alter = (detail: string) =>
    auth.database.updateTable('audit_events').set({ detail }).execute()
  const details = async () =>
    (await call('GET', '/ops/audit')).json().events.map(({ detail }: { detail: object }) => detail)
  await alter('not JSON')
  t.strictSame(await details(), Array(2).fill({ unreadable: 'not JSON' }))
  await alter('{"count":1,"list":[true],"nothing":null}')
  t.strictSame(await details(), Array(2).fill({ count: 1, list: '[true]', nothing: 'null' }))
})

t.test('the chain of the audit log is shown with its records, keys and heads', async (t) => {
  const { auth, call } = await operating(t)
  const { user } = await signedIn(auth)
  await chainEvents(auth.database)
  const { live } = auth.signing
  await signHeads({
    db: auth.database,
    signer: headSigner(live),
    issuer: 'https://auth.example',
    now: async () => auth.clock(),
    keptSinceMs: () => 0,
    dueBeforeMs: async () => 0,
    onSigned: (_head, faults) => t.strictSame(faults, [])
  })()
  const { kid } = live.active()

  const chain = (await call('GET', '/ops/audit/chain')).json()
  t.match(chain, { anchor: { seq: 0, digest: '' }, last: { seq: 2 }, keptSince: /Z$/ })
  t.match(chain.keys, [{ jwk: { kid, alg: 'ES256' }, published: true }])
  const { records } = (await call('GET', '/ops/audit/records')).json()
  t.match(records, [{ kind: 'user-created' }, { kind: 'login', user: user.id, operator: null }])
  t.equal(records[1].digest, chain.last.digest)
  t.strictSame((await call('GET', '/ops/audit/records?after=1&limit=5')).json().records, [
    records[1]
  ])
  const { heads } = (await call('GET', '/ops/audit/heads?after=0')).json()
  t.match(heads, [{ number: 1, seq: 2, digest: chain.last.digest, intact: true, kid }])
  for (const text of ['-1', '1.5', 'x', '9'.repeat(20)]) {
    isProblem(t, await call('GET', `/ops/audit/records?after=${text}`), {
      code: 'INVALID_REQUEST',
      detail: 'querystring/after must be a whole number'
    })
  }
})

t.test('an error about an invalid parameter names the parameter', async (t) => {
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
