import { type Behaviour, fakeProvider, type Person } from '@gatehouse/fixtures/fake-provider'
import { decodeJwt } from 'jose'
import t from 'tap'
import { isProblem } from '../../fixtures/problem.ts'
import { githubServer } from '../../fixtures/providers/github.ts'
import { callbackOf, githubEntry } from '../../fixtures/providers/github-login.ts'
import {
  authWithProviders,
  begin,
  callback,
  challengeOf,
  newVerifier,
  returned,
  signInWith
} from '../../fixtures/providers/provider-login.ts'
import { enrol, headersOf } from '../../fixtures/second-factor.ts'

const provider = await fakeProvider(t)
const github = await githubServer(t, callbackOf('github'))
const { issuer } = provider
const auth = await authWithProviders(t, [
  { id: 'acme', issuer },
  githubEntry(t, github),
  { id: 'silent', issuer: 'https://silent.example', reauthentication: false }
])
const person = (name: string): Person => ({
  sub: name,
  email: `${name}@example.com`,
  email_verified: true
})

t.beforeEach(() => provider.behave({}))

/** A login at the provider that asks it to authenticate the person again. */
async function asked(who: Person, behaviour: Behaviour = {}) {
  const { location, browser, verifier } = await begin(auth, 'acme', { prompt: 'login' })
  provider.behave(behaviour)
  const query = provider.authorize(location, who)
  return { location, verifier, ...returned(await callback(auth, 'acme', query, browser)) } as {
    readonly location: string
    readonly verifier: string
    readonly code?: string
    readonly error?: string
  }
}

/** A user without a password, signed in by the provider. */
async function signedIn(name: string) {
  const tokens = (await signInWith(auth, 'acme', provider, person(name))).json()
  const user = { id: String(decodeJwt(tokens.accessToken).sub) }
  return { user, headers: await headersOf(auth, user, tokens) }
}

const stepUp = (
  { code, verifier }: { readonly code?: string; readonly verifier: string },
  headers: Record<string, string>
) => auth.post('/step-up', { provider: { code, codeVerifier: verifier } }, headers)

t.test('a provider that does not prove a new login gives no code for a step-up', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  const times: Readonly<Record<string, unknown>> = {
    'says nothing': undefined,
    'says an hour ago': now - 3600,
    'says a minute ago': now - 60,
    'says it as text': String(now),
    'says an hour ago, in milliseconds': (now - 3600) * 1000,
    'says tomorrow': now + 86_400,
    'says no number': Number.NaN,
    'says before 1970': -1
  }
  for (const [title, auth_time] of Object.entries(times)) {
    const { error, code } = await asked(person('ada'), { claims: { auth_time } })
    t.strictSame([error, code], ['invalid', undefined], title)
  }
  // Half an hour ago, by a clock that is an hour ahead.
  const ahead = { iat: now + 3600, auth_time: now + 1800, exp: now + 3900 }
  t.equal((await asked(person('ada'), { claims: ahead })).error, 'invalid', 'has another clock')
  const { location, code } = await asked(person('ada'))
  t.type(code, 'string')
  const { searchParams: query } = new URL(location)
  t.strictSame([query.get('prompt'), query.get('max_age')], ['login', '0'])
})

t.test('a login that takes long at the provider still counts', async (t) => {
  const begunAt = Math.floor(Date.now() / 1000)
  const { location, browser } = await begin(auth, 'acme', { prompt: 'login' })
  auth.clock.advance(120_000)
  provider.behave({ claims: { auth_time: begunAt - 100 } })
  const query = provider.authorize(location, person('ada'))
  t.type(returned(await callback(auth, 'acme', query, browser)).code, 'string')
})

t.test('only the linked person strengthens the session', async (t) => {
  const { user, headers } = await signedIn('ada')
  await signedIn('eve')
  const refused = {
    code: 'UNAUTHENTICATED',
    detail: 'the account at the provider is not linked to this account, or must be linked again'
  } as const
  isProblem(t, await stepUp(await asked(person('eve')), headers), refused, 'of another account')
  isProblem(t, await stepUp(await asked(person('stranger')), headers), refused, 'of none')
  const failed = await auth.database
    .selectFrom('audit_events')
    .select(['subject', 'sid'])
    .where('kind', '=', 'login-failed')
    .execute()
  t.equal(failed.length, 2, 'and is recorded, with the session')
  t.ok(failed.every(({ subject, sid }) => subject === user.id && sid !== null))
  const own = await asked(person('ada'))
  t.equal((await stepUp({ ...own, verifier: newVerifier() }, headers)).statusCode, 401)
  await auth.database
    .updateTable('identities')
    .set({ password_version: 9 })
    .where('provider_subject', '=', 'ada')
    .execute()
  isProblem(t, await stepUp(own, headers), refused, 'older than the password')
  t.equal((await auth.post('/step-up', { provider: {} }, headers)).statusCode, 400)
})

t.test('an account with a second factor needs it', async (t) => {
  const { headers } = await signedIn('ida')
  const both = await asked(person('ida'))
  isProblem(
    t,
    await auth.post(
      '/step-up',
      { password: 'x', provider: { code: both.code, codeVerifier: both.verifier } },
      headers
    ),
    {
      code: 'INVALID_REQUEST',
      detail:
        'body must have exactly one of password and provider: the account has no second factor'
    }
  )
  await enrol(auth, headers)
  isProblem(t, await stepUp(both, headers), {
    code: 'INVALID_REQUEST',
    detail:
      'body must have exactly one of passkey, totp and recoveryCode: the account has a second factor'
  })
})

t.test('an ended session is not strengthened', async (t) => {
  const { headers } = await signedIn('uma')
  const own = await asked(person('uma'))
  await auth.post('/logout-all', {}, headers)
  isProblem(t, await stepUp(own, headers), { code: 'SESSION_ENDED' })
})

t.test('a provider that cannot ask again is not asked', async (t) => {
  for (const id of ['github', 'silent']) {
    const query = new URLSearchParams({
      codeChallenge: challengeOf(newVerifier()),
      prompt: 'login'
    })
    const answer = await auth.get(`/login/providers/${id}?${query}`)
    isProblem(t, answer, {
      code: 'INVALID_REQUEST',
      detail:
        'querystring/prompt is not possible: this provider cannot ask its user to sign in again'
    })
  }
  const query = new URLSearchParams({ codeChallenge: challengeOf(newVerifier()), prompt: 'none' })
  t.equal((await auth.get(`/login/providers/acme?${query}`)).statusCode, 400)
})

t.test('a login at a provider that asked its user for nothing is no recent login', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  const timeOf = async (id: string, claims: Record<string, unknown>) => {
    provider.behave({ claims })
    const answer = await signInWith(auth, id, provider, person('sleeper'))
    const tokens = answer.json()
    const refreshed = await auth.post('/refresh-token', { refreshToken: tokens.refreshToken })
    const times = [tokens, refreshed.json()].map(({ accessToken }) => decodeJwt(accessToken))
    const [opened, later] = times.map(({ auth_time }) => Number(auth_time))
    t.equal(later, opened, 'the refreshed token has the same time')
    return opened
  }
  const here = Math.floor(auth.clock() / 1000)
  t.equal(await timeOf('acme', { auth_time: now - 3600, iat: now }), here - 3600)
  t.equal(await timeOf('acme', { auth_time: now, iat: now }), here)
  // A clock that is ten seconds ahead.
  t.equal(await timeOf('acme', { auth_time: now - 3590, iat: now + 10 }), here - 3600)
  for (const auth_time of [undefined, now * 1000, now + 3600]) {
    t.equal(await timeOf('acme', { auth_time, iat: now }), 0, `${auth_time} proves nothing`)
  }
  const { location } = await begin(auth, 'acme')
  const { searchParams: query } = new URL(location)
  t.strictSame([query.get('max_age'), query.get('prompt')], ['31536000', null])

  const silent = await authWithProviders(t, [{ id: 'acme', issuer, reauthentication: false }])
  const begun = await begin(silent, 'acme')
  t.equal(new URL(begun.location).searchParams.has('max_age'), false)
  provider.behave({ claims: { auth_time: now - 3600, iat: now } })
  const { accessToken } = (await signInWith(silent, 'acme', provider, person('x'))).json()
  const { auth_time } = decodeJwt(accessToken)
  t.equal(auth_time, Math.floor(silent.clock() / 1000), 'a provider that cannot say')
})
