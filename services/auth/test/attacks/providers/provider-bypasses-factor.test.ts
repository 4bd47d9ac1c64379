import { fakeProvider } from '@gatehouse/fixtures/fake-provider'
import { decodeJwt } from 'jose'
import t from 'tap'
import { login, registered } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'
import { authWithProviders, signInWith, visit } from '../../fixtures/providers/provider-login.ts'
import { answered, enrol, headersOf } from '../../fixtures/second-factor.ts'

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
  const { person, app } = await withBoth('ada')
  const answer = await signInWith(auth, 'acme', provider, person)
  t.equal(answer.statusCode, 401)
  const { code, challenge, factors } = answer.json()
  t.strictSame([code, factors], ['FACTOR_REQUIRED', ['totp', 'recoveryCode']])
  const opened = await answered(auth, { challenge, totp: app.next() })
  t.equal(opened.statusCode, 200)
  t.match(decodeJwt(opened.json().accessToken), { amr: ['fed', 'otp', 'mfa'] })
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
