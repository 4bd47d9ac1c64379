import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import { audited } from '../fixtures/auth-service.ts'
import { isProblem } from '../fixtures/problem.ts'
import { CLIENT_SECRET, openidProvider } from '../fixtures/providers/openid-provider.ts'
import {
  authWithProviders,
  begin,
  callback,
  exchange,
  returned
} from '../fixtures/providers/provider-login.ts'
import { headersOf } from '../fixtures/second-factor.ts'

const redirectUri = 'https://issuer.example/auth/login/providers/real/callback'

/** A service with a real provider. */
async function authWithReal(t: Test) {
  const provider = await openidProvider(t, redirectUri)
  const clientSecretFile = join(dataFolder(t), 'client-secret')
  writeFileSync(clientSecretFile, `${CLIENT_SECRET}\n`)
  const entry = { id: 'real', issuer: provider.issuer, clientSecretFile }
  return { ...provider, auth: await authWithProviders(t, [entry]) }
}

t.test('users of a real OpenID provider sign in', async (t) => {
  const { auth, signIn } = await authWithReal(t)
  t.strictSame((await auth.get('/login/providers')).json(), {
    providers: [{ id: 'real', name: 'real', reauthentication: true }]
  })
  const subjects: unknown[] = []
  for (const name of ['ada', 'ada', 'eve']) {
    const { location, browser, verifier } = await begin(auth, 'real')
    const { query } = await signIn(location, name)
    t.match(query, 'iss=', 'the provider names itself in the response (RFC 9207)')
    const { code } = returned(await callback(auth, 'real', query, browser))
    const answer = await exchange(auth, { code, verifier }, { delivery: 'cookie' })
    t.equal(answer.statusCode, 200, answer.body)
    t.ok(answer.cookies.some(({ name }) => name === '__Host-refresh'))
    const claims = decodeJwt(answer.json().accessToken)
    // The ID tokens of this provider have no address: it comes from the user info.
    t.match(claims, { email: `${name}@example.com`, amr: ['fed'] })
    subjects.push(claims.sub)
  }
  const [one, again, other] = subjects
  t.equal(one, again)
  t.not(one, other)
})

t.test('a user without a password steps up by signing in at the provider again', async (t) => {
  const { auth, signIn } = await authWithReal(t)
  const browserThere = new Map<string, string>()
  const visit = async (more = {}) => {
    const { location, browser, verifier } = await begin(auth, 'real', more)
    const { query, prompts } = await signIn(location, 'ada', browserThere)
    const { code } = returned(await callback(auth, 'real', query, browser))
    return { code, verifier, prompts }
  }
  const first = await visit()
  t.strictSame(first.prompts, ['login', 'consent'])
  const { accessToken, session, refreshToken } = (await exchange(auth, first)).json()
  const user = { id: String(decodeJwt(accessToken).sub) }
  const headers = await headersOf(auth, user, { session })
  const stepUp = ({ code, verifier }: { readonly code: string | undefined; verifier: string }) =>
    auth.post('/step-up', { provider: { code, codeVerifier: verifier } }, headers)

  auth.clock.advance(3_600_000)
  const silent = await visit()
  t.strictSame(silent.prompts, [], 'the user is still signed in at the provider')
  isProblem(t, await stepUp(silent), {
    code: 'INVALID_REQUEST',
    detail: 'body/provider belongs to a login that began without prompt=login'
  })
  const asked = await visit({ prompt: 'login' })
  t.equal(asked.prompts[0], 'login', 'the provider asks again')
  t.equal((await stepUp(asked)).statusCode, 204)
  const refreshed = await auth.post('/refresh-token', { refreshToken })
  const auth_time = Math.floor(auth.clock() / 1000)
  t.match(decodeJwt(refreshed.json().accessToken), { auth_time, acr: 'aal1', amr: ['fed'] })
  t.match((await audited(auth)).at(-1), { kind: 'stepped-up', sid: session.id })
  isProblem(t, await stepUp(asked), {
    code: 'UNAUTHENTICATED',
    detail: 'the code is unknown, used or expired, or the verifier is wrong: sign in again'
  })
})
