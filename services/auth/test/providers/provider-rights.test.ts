import type { ServerResponse } from 'node:http'
import { fakeProvider, type Person } from '@gatehouse/fixtures/fake-provider'
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import { type AuthUnderTest, audited, login, password } from '../fixtures/auth-service.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import {
  begin,
  callback,
  type Entry,
  returned,
  visit
} from '../fixtures/providers/provider-login.ts'
import {
  ada,
  claimMapping,
  eventsOf,
  installation as installationOf,
  isStale,
  rightsOf as rightsAt,
  roleMapping
} from '../fixtures/providers/rights-of-users.ts'
import { headersOf } from '../fixtures/second-factor.ts'

const provider = await fakeProvider(t)
const other = await fakeProvider(t)

const acme = { id: 'acme', issuer: provider.issuer, roleMapping, claimMapping }

const installation = (t: Test, entries: readonly Entry[] = [acme], options = {}) =>
  installationOf(t, entries, options)
const rightsOf = (auth: AuthUnderTest, who: Person, id = 'acme', from = provider) =>
  rightsAt(auth, who, { id, from })

for (const { name, skip, make } of databaseKinds) {
  t.test(`${name}: each login sets the rights from the provider anew`, { skip }, async (t) => {
    const { auth, ops, rights } = await installation(t, [acme], {
      database: await (await make(t)).open()
    })
    const member = { groups: ['platform-admins', 'others'], tid: 'acme', is_staff: true }
    const first = await rightsOf(auth, ada({ ...member, department: ['x', 7] }))
    t.strictSame(first.roles, ['user', 'admin', 'editor', 'staff'])
    const claims = { contact: 'ada@example.com', department: ['x', 7], tenant_id: 'acme' }
    const { user } = await ops('GET', '')
    t.strictSame(user.roles, first.roles)
    t.match(user, {
      claims,
      assigned: { roles: ['user'], claims: {} },
      provided: [{ provider: 'acme', roles: ['admin', 'editor', 'staff'], claims }]
    })
    const before = (await audited(auth)).length
    const again = await rightsOf(auth, ada({ ...member, department: ['x', 7] }))
    t.strictSame(again.roles, first.roles)
    t.equal((await audited(auth)).length, before + 1, 'an equal login changes nothing')

    // What an operator sets is never taken back by a provider, and wins.
    await ops('PUT', '/roles', { roles: ['user', 'editor'] })
    await ops('PUT', '/claims', { claims: { tenant_id: 'initech' } })
    t.match((await rights()).claims, { tenant_id: 'initech', department: ['x', 7] })
    const less = await rightsOf(auth, ada({ groups: 'others', tid: 'acme' }))
    t.strictSame(less.roles, ['user', 'editor'])
    t.strictSame(await rights(), {
      roles: ['user', 'editor'],
      claims: { tenant_id: 'initech', contact: 'ada@example.com' },
      from: ['acme']
    })
    const refused = await auth.post('/refresh-token', { refreshToken: first.tokens.refreshToken })
    t.strictSame(decodeJwt(refused.json().accessToken).roles, ['user', 'editor'], 'other sessions')
    t.strictSame(await eventsOf(auth), [
      ['roles-changed', { by: 'provider', added: 'admin editor staff', removed: '' }],
      ['claims-changed', { by: 'provider' }],
      ['roles-changed', {}],
      ['claims-changed', {}],
      ['roles-changed', { by: 'provider', added: '', removed: 'admin staff' }],
      ['claims-changed', { by: 'provider' }]
    ])
  })

  t.test(`${name}: unlinking takes back what came with the link`, { skip }, async (t) => {
    const { auth, ops, rights } = await installation(t, [acme], {
      database: await (await make(t)).open()
    })
    const { tokens, roles } = await rightsOf(auth, ada({ groups: ['editors'], tid: 'globex' }))
    t.strictSame(roles, ['user', 'editor'])
    const [{ id }] = (await ops('GET', '/identities')).identities
    await ops('DELETE', `/identities/${id}`)
    t.strictSame(await rights(), { roles: ['user'], claims: {}, from: [] })
    t.equal(await isStale(auth, tokens), true, 'tokens issued before')
  })
}

t.test('a link that opens no session gives no rights', async (t) => {
  const { auth, ops, rights } = await installation(t)
  const { tokens } = await rightsOf(auth, ada({ groups: 'editors', tid: 'acme' }))
  const user = { id: String(decodeJwt(tokens.accessToken).sub) }
  await ops('PUT', '/password', { password })
  t.strictSame(await rights(), { roles: ['user'], claims: {}, from: [] })
  const headers = await headersOf(auth, user, await login(auth, 'ada@example.com'))
  const { code, verifier } = await visit(auth, 'acme', provider, ada({ groups: 'editors' }))
  const again = await auth.post('/identities', { code, codeVerifier: verifier }, headers)
  t.equal(again.statusCode, 201, again.body)
  t.strictSame(await rights(), {
    roles: ['user', 'editor'],
    claims: { contact: 'ada@example.com' },
    from: ['acme']
  })
})

t.test('a step-up at a provider sets the rights too', async (t) => {
  const { auth, ops } = await installation(t)
  const { tokens } = await rightsOf(auth, ada({ groups: 'platform-admins' }))
  const user = { id: String(decodeJwt(tokens.accessToken).sub) }
  const { location, browser, verifier } = await begin(auth, 'acme', { prompt: 'login' })
  const query = provider.authorize(location, ada({ groups: 'editors' }))
  const { code } = returned(await callback(auth, 'acme', query, browser))
  const proof = { provider: { code, codeVerifier: verifier } }
  const stepped = await auth.post('/step-up', proof, await headersOf(auth, user, tokens))
  t.equal(stepped.statusCode, 204, stepped.body)
  t.strictSame((await ops('GET', '')).user.roles, ['user', 'editor'])
  t.equal(await isStale(auth, tokens), true)
})

t.test('of several providers, the first one of the file counts', async (t) => {
  const second = { id: 'second', issuer: other.issuer, roleMapping, claimMapping }
  const { auth, rights } = await installation(t, [second, acme])
  const { tokens } = await rightsOf(auth, ada({ groups: 'editors', department: 'of acme' }))
  const user = { id: String(decodeJwt(tokens.accessToken).sub) }
  const headers = await headersOf(auth, user, tokens)
  const who = ada({ is_staff: true, department: 'of second' })
  const { code, verifier } = await visit(auth, 'second', other, who)
  await auth.post('/identities', { code, codeVerifier: verifier }, headers)
  const claims = { department: 'of second', contact: 'ada@example.com' }
  t.strictSame(await rights(), {
    roles: ['user', 'staff', 'editor'],
    claims,
    from: ['second', 'acme']
  })
  await rightsOf(auth, ada({ groups: 'others' }))
  t.strictSame(
    await rights(),
    { roles: ['user', 'staff'], claims, from: ['second', 'acme'] },
    'each provider takes back only what it gave'
  )
})

t.test('claims that the ID token does not have come from the user info', async (t) => {
  const userInfo = (claims: object) => ({
    metadata: { userinfo_endpoint: `${provider.issuer}/userinfo` },
    paths: {
      '/userinfo': (response: ServerResponse) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ sub: 'sub of ada', ...claims }))
    }
  })
  t.teardown(() => provider.behave({}))
  provider.behave(userInfo({ groups: ['editors'], is_staff: true }))
  const { auth } = await installation(t)
  const { roles } = await rightsOf(auth, ada({ is_staff: false }))
  t.strictSame(roles, ['user', 'editor'], 'the ID token counts where both have a claim')
  provider.behave(userInfo({ sub: 'somebody else', groups: ['platform-admins'] }))
  t.equal((await visit(auth, 'acme', provider, ada())).code, undefined, 'of another user')
})
