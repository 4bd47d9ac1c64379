import { fakeProvider } from '@gatehouse/fixtures/fake-provider'
import { decodeJwt } from 'jose'
import t from 'tap'
import { login, registered } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'
import { authWithProviders, signInWith, visit } from '../../fixtures/providers/provider-login.ts'
import { answered, authenticator, enrol, headersOf } from '../../fixtures/second-factor.ts'

const provider = await fakeProvider(t)
const auth = await authWithProviders(t, [{ id: 'acme', issuer: provider.issuer }])

/** An account with a linked provider and an authenticator. */
async function withBoth(name: string) {
  const who = `${name}@example.com`
  const person = { sub: name, email: who, email_verified: true }
  const user = await registered(auth, who)
  const headers = await headersOf(auth, user, await login(auth, who))
  const { code, verifier } = await visit(auth, 'acme', provider, person)
  const linked = await auth.post('/identities', { code, codeVerifier: verifier }, headers)
  const { app } = await enrol(auth, headers)
  return { user, headers, person, app, id: linked.json().id }
}

t.test('a login by a provider asks for the second factor of the account', async (t) => {
  const { headers, person, app } = await withBoth('ada')
  const moved = { ...person, email: 'other@example.com' }
  const answer = await signInWith(auth, 'acme', provider, moved)
  t.equal(answer.statusCode, 401)
  const linkOf = async () => (await auth.get('/identities', headers)).json().identities[0]
  t.match(await linkOf(), { email: 'ada@example.com', lastUsedAt: null }, 'not used yet')
  const { code, challenge, factors } = answer.json()
  t.strictSame([code, factors], ['FACTOR_REQUIRED', ['totp', 'recoveryCode']])
  const opened = await answered(auth, { challenge, totp: app.next() })
  t.equal(opened.statusCode, 200)
  t.match(decodeJwt(opened.json().accessToken), { amr: ['fed', 'otp', 'mfa'] })
  t.match(await linkOf(), { email: 'other@example.com', lastUsedAt: /Z$/ }, 'the use is noted')
})

t.test('a waiting login ends when its provider is unlinked', async (t) => {
  const { headers, person, app, id } = await withBoth('eve')
  const { challenge } = (await signInWith(auth, 'acme', provider, person)).json()
  const removed = await auth.service.inject({ method: 'DELETE', url: `/identities/${id}`, headers })
  t.equal(removed.statusCode, 204)
  const late = await answered(auth, { challenge, totp: app.next() })
  isProblem(t, late, {
    code: 'UNAUTHENTICATED',
    detail: late.json().detail
  })
})

t.test('a login whose provider is unlinked while it waits does not complete', async (t) => {
  const { person, app, id } = await withBoth('ida')
  const { challenge } = (await signInWith(auth, 'acme', provider, person)).json()
  // As if the login had begun at the moment at which the provider was unlinked.
  await auth.database
    .updateTable('identities')
    .set({ subject: 'gone' })
    .where('id', '=', id)
    .execute()
  const late = await answered(auth, { challenge, totp: app.next() })
  isProblem(t, late, { code: 'UNAUTHENTICATED', detail: late.json().detail })
})

t.test('unlinking one provider ends no waiting login of another one', async (t) => {
  const { user, headers, person, app, id } = await withBoth('uma')
  const { code, verifier } = await visit(auth, 'acme', provider, { ...person, sub: 'second' })
  const second = await auth.post('/identities', { code, codeVerifier: verifier }, headers)
  t.equal(second.statusCode, 201)
  const { challenge } = (await signInWith(auth, 'acme', provider, person)).json()
  const url = `/identities/${second.json().id}`
  t.equal((await auth.service.inject({ method: 'DELETE', url, headers })).statusCode, 204)
  const opened = await answered(auth, { challenge, totp: app.next() })
  t.equal(decodeJwt(opened.json().accessToken).sub, user.id)
  t.match((await auth.get('/identities', headers)).json().identities, [{ id, lastUsedAt: /Z$/ }])
})

t.test('a login by a provider that must add its first factor is noted as a use', async (t) => {
  const strict = await authWithProviders(t, [{ id: 'acme', issuer: provider.issuer }], {
    secondFactor: 'required'
  })
  const person = { sub: 'new', email: 'new@example.com', email_verified: true }
  const { challenge } = (await signInWith(strict, 'acme', provider, person)).json()
  const added = await strict.post('/login/factor/enrol', { challenge })
  const app = authenticator(strict, { id: '', secret: added.json().secret })
  const opened = await answered(strict, { challenge, totp: app.next() })
  t.equal(opened.statusCode, 200)
  const [link] = await strict.database.selectFrom('identities').selectAll().execute()
  t.type(link?.used_at, 'number')
})
