import { fakeProvider } from '@gatehouse/fixtures/fake-provider'
import { decodeJwt } from 'jose'
import t from 'tap'
import { audited, login, OPS_TOKEN, password, registered } from '../fixtures/auth-service.ts'
import { isProblem } from '../fixtures/problem.ts'
import { kindsOf, linked, mustLink, person } from '../fixtures/providers/acme-people.ts'
import { authWithProviders, signInWith } from '../fixtures/providers/provider-login.ts'
import { headersOf } from '../fixtures/second-factor.ts'

const provider = await fakeProvider(t)
const entries = [
  { id: 'acme', issuer: provider.issuer },
  { id: 'closed', issuer: 'https://closed.example', registration: false }
]

t.test('an account with the address of a person is linked only by its user', async (t) => {
  const auth = await authWithProviders(t, entries)
  const ada = person('ada')
  const user = await registered(auth, 'ada@example.com')
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink)
  const tokens = await login(auth, 'ada@example.com')
  const headers = await headersOf(auth, user, tokens)
  t.equal((await linked(auth, headers, provider, ada)).statusCode, 201)
  const opened = await signInWith(auth, 'acme', provider, ada)
  t.equal(decodeJwt(opened.json().accessToken).sub, user.id)
  const other = await registered(auth, 'eve@example.com')
  const theft = await linked(
    auth,
    await headersOf(auth, other, await login(auth, 'eve@example.com')),
    provider,
    ada
  )
  isProblem(t, theft, {
    code: 'CONFLICT',
    detail: 'this account of the provider is linked to another account here'
  })

  // Somebody who has linked a provider of their own is locked out by a new password.
  const next = 'another horse battery'
  await auth.post('/password', { currentPassword: password, newPassword: next }, headers)
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink)
  const { identities } = (await auth.get('/identities', headers)).json()
  t.equal(identities[0].opensSession, false)
  t.equal((await linked(auth, headers, provider, ada)).statusCode, 201, 'until it is linked again')
  t.equal((await signInWith(auth, 'acme', provider, ada)).statusCode, 200)

  const url = `/identities/${identities[0].id}`
  const remove = (by: Record<string, string>) =>
    auth.service.inject({ method: 'DELETE', url, headers: by })
  const foreign = await headersOf(auth, other, await login(auth, 'eve@example.com'))
  t.equal((await remove(foreign)).statusCode, 404, 'of another account')
  t.equal((await remove(headers)).statusCode, 204)
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink)
  t.strictSame(
    (await kindsOf(auth, user.id)).filter((kind) => kind.startsWith('identity')),
    ['identity-linked', 'identity-linked', 'identity-unlinked']
  )
})

t.test('an account is linked by its address only if both sides have verified it', async (t) => {
  const auth = await authWithProviders(t, [
    { ...entries[0], id: 'acme', linking: 'verified-email' }
  ])
  const ada = person('ada')
  const user = await registered(auth, 'ada@example.com')
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink, 'a pre-registered account')
  const set = (values: {
    email_verified_at?: number
    factors?: number
    disabled_at?: number | null
  }) => auth.database.updateTable('accounts').set(values).where('id', '=', user.id).execute()
  await set({ email_verified_at: 1, factors: 1 })
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink, 'with a second factor')
  await set({ factors: 0, disabled_at: 1 })
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink, 'a disabled account')
  await set({ disabled_at: null })
  for (const [at, email] of ['\u1D43da@example.com', '\uFF41da@example.com'].entries()) {
    const neighbour = person(`neighbour ${at}`, { email })
    isProblem(t, await signInWith(auth, 'acme', provider, neighbour), mustLink, 'another mailbox')
  }
  const shouted = person('the same mailbox', { email: 'ADA@EXAMPLE.com' })
  t.equal((await signInWith(auth, 'acme', provider, shouted)).statusCode, 200)
  const answer = await signInWith(auth, 'acme', provider, ada)
  t.equal(decodeJwt(answer.json().accessToken).sub, user.id)
  await set({ disabled_at: 1 })
  t.equal((await signInWith(auth, 'acme', provider, ada)).json().code, 'UNAUTHENTICATED')
  t.match((await audited(auth)).at(-1), { kind: 'login-failed', subject: user.id })
})

t.test(
  'operators see and remove links, an export has them, and a deletion erases them',
  async (t) => {
    const auth = await authWithProviders(t, entries)
    const { accessToken, session } = (
      await signInWith(auth, 'acme', provider, person('ada'))
    ).json()
    const id = String(decodeJwt(accessToken).sub)
    const headers = await auth.gateway.signedIn({ subject: id, session: session.id })
    const link = { issuer: provider.issuer, subject: 'sub of ada', email: 'ada@example.com' }
    t.match((await auth.get('/account/export', headers)).json().identities, [link])
    const call = (method: 'GET' | 'DELETE', path = '') =>
      auth.ops.inject({
        method,
        url: `/ops/users/ada@example.com${path}`,
        headers: { authorization: `Bearer ${OPS_TOKEN}` }
      })
    t.match((await call('GET')).json(), { passwordHash: 'none', providers: ['acme'] })
    const [found] = (await call('GET', '/identities')).json().identities
    t.match(found, { provider: 'acme', email: 'ada@example.com' })
    t.equal((await call('DELETE', '/identities/another')).statusCode, 404)
    t.equal((await call('DELETE', `/identities/${found.id}`)).statusCode, 204, 'even the last one')
    t.match((await audited(auth)).at(-1), {
      kind: 'identity-unlinked',
      detail: '{"provider":"acme"}'
    })
    isProblem(t, await signInWith(auth, 'acme', provider, person('ada')), mustLink)

    t.equal((await linked(auth, headers, provider, person('ada'))).statusCode, 201)
    t.equal((await call('DELETE')).statusCode, 200)
    t.strictSame(await auth.database.selectFrom('identities').selectAll().execute(), [])
    const again = await signInWith(auth, 'acme', provider, person('ada'))
    t.not(decodeJwt(again.json().accessToken).sub, id, 'the person starts anew')
  }
)
