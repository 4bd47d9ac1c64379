import { type FakeProvider, fakeProvider } from '@gatehouse/fixtures/fake-provider'
import t from 'tap'
import { isProblem } from '../../fixtures/problem.ts'
import {
  authWithProviders,
  begin,
  callback,
  exchange,
  newVerifier,
  RETURN_URL,
  returned,
  visit
} from '../../fixtures/providers/provider-login.ts'

const honest = await fakeProvider(t)
const evil = await fakeProvider(t)
const auth = await authWithProviders(t, [
  { id: 'honest', issuer: honest.issuer },
  { id: 'evil', issuer: evil.issuer }
])
const ada = { sub: 'ada', email: 'ada@example.com', email_verified: true }
const invalid = (provider: string) => ({ error: 'invalid', provider })

t.beforeEach(() => {
  honest.behave({})
  evil.behave({})
})

/** RFC 9700 §4.4: a login that began with one provider must not be completed by another. */
t.test('the code of one provider is not sent to another', async (t) => {
  for (const iss of [undefined, null, evil.issuer] as const) {
    const named = `with ${iss === undefined ? 'its own iss' : (iss ?? 'no iss')}`
    // The browser began at the evil provider, which sent it on to the honest one.
    const { location, browser } = await begin(auth, 'evil')
    honest.behave(iss === undefined ? {} : { iss })
    const query = honest.authorize(location, ada)
    const before = [honest.asked, evil.asked].map(({ length }) => length)
    const atHonest = await callback(auth, 'honest', query, browser)
    t.strictSame(returned(atHonest), invalid('honest'), `${named}, at the honest callback`)
    if (iss !== evil.issuer) {
      // Without `iss`, the provider whose metadata promise it is not believed either.
      const atEvil = await callback(auth, 'evil', query, browser)
      t.strictSame(returned(atEvil), invalid('evil'), `${named}, at the evil callback`)
    }
    const after = [honest.asked, evil.asked].map(({ length }) => length)
    t.strictSame(after, before, `${named}, no provider gets the code`)
  }
})

t.test('a provider that promises no iss gets only codes of its own callback', async (t) => {
  const silent = { metadata: { authorization_response_iss_parameter_supported: undefined } }
  const quiet = await fakeProvider(t)
  const other = await fakeProvider(t)
  quiet.behave({ ...silent, iss: null })
  other.behave({ ...silent, iss: null })
  const auth = await authWithProviders(t, [
    { id: 'quiet', issuer: quiet.issuer },
    { id: 'other', issuer: other.issuer }
  ])
  const { location, browser } = await begin(auth, 'other')
  const query = quiet.authorize(location, ada)
  t.strictSame(returned(await callback(auth, 'quiet', query, browser)), invalid('quiet'))
  t.notOk(quiet.asked.includes('/token'), 'the code is redeemed nowhere')
})

t.test('a state is used once, by one browser', async (t) => {
  const { location, browser, verifier } = await begin(auth, 'honest')
  const query = honest.authorize(location, ada)
  const stranger = (await begin(auth, 'honest')).browser
  const elsewhere = await callback(auth, 'honest', query, stranger)
  t.strictSame(returned(elsewhere), invalid('honest'), 'another browser that is at it too')
  t.strictSame(elsewhere.cookies, [], 'whose own login continues')
  const without = await callback(auth, 'honest', query, {})
  isProblem(t, without, {
    code: 'INVALID_REQUEST',
    detail: 'no login is in progress in this browser: start again'
  })
  const [one, two] = await Promise.all([
    callback(auth, 'honest', query, browser),
    callback(auth, 'honest', query, browser)
  ])
  const codes = [one, two].map((answer) => returned(answer).code)
  t.equal(codes.filter((code) => code !== undefined).length, 1, 'at once, one gets a code')
  const again = await callback(auth, 'honest', query, browser)
  t.strictSame(returned(again), invalid('honest'), 'nor later')
  const code = codes.find((one) => one !== undefined)
  t.equal((await exchange(auth, { code, verifier })).statusCode, 200)
})

t.test('a changed cookie, or one of another installation, begins no login', async (t) => {
  const { location, browser } = await begin(auth, 'honest')
  const query = honest.authorize(location, ada)
  const cookie = browser.cookie ?? ''
  const foreign = await begin(
    await authWithProviders(t, [{ id: 'honest', issuer: honest.issuer }]),
    'honest'
  )
  const twice = `${cookie}; ${foreign.browser.cookie}`
  for (const changed of [
    `${cookie.slice(0, 60)}AAAA${cookie.slice(64)}`,
    cookie.slice(0, 60),
    twice,
    foreign.browser.cookie
  ]) {
    const answer = await callback(auth, 'honest', query, { cookie: changed ?? '' })
    t.equal(answer.json().code, 'INVALID_REQUEST')
  }
})

t.test('a code needs its verifier, works once, and for a minute', async (t) => {
  const refused = {
    code: 'UNAUTHENTICATED',
    detail: 'the code is unknown, used or expired, or the verifier is wrong: sign in again'
  } as const
  const { code, verifier } = await visit(auth, 'honest', honest, ada)
  isProblem(t, await exchange(auth, { code, verifier: newVerifier() }), refused, 'another verifier')
  isProblem(t, await exchange(auth, { code: newVerifier(), verifier }), refused, 'another code')
  const answers = await Promise.all([1, 2, 3].map(() => exchange(auth, { code, verifier })))
  const opened = answers.filter(({ statusCode }) => statusCode === 200)
  t.equal(opened.length, 1, 'of several at once, one opens a session')
  const late = await visit(auth, 'honest', honest, ada)
  auth.clock.advance(60_000)
  isProblem(t, await exchange(auth, late), refused, 'after a minute')
})

t.test('a login that took too long says so', async (t) => {
  const { location, browser } = await begin(auth, 'honest')
  auth.clock.advance(601_000)
  const answer = await callback(auth, 'honest', honest.authorize(location, ada), browser)
  t.strictSame(returned(answer), { error: 'expired', provider: 'honest' })
  t.match(String(answer.headers.location), new RegExp(`^${RETURN_URL}#`))
  t.match(answer.cookies, [{ name: '__Host-login', value: '' }], 'and the cookie is cleared')
})

t.test('a denial is distinguished from a fault, and believed only with the state', async (t) => {
  const asked = async (provider: FakeProvider, error: string, more: Record<string, string>) => {
    const { location, browser } = await begin(auth, 'honest')
    const state = new URL(location).searchParams.get('state') ?? ''
    const query = new URLSearchParams({ error, state, iss: provider.issuer, ...more })
    return returned(await callback(auth, 'honest', query.toString(), browser)).error
  }
  t.equal(await asked(honest, 'access_denied', {}), 'denied')
  t.equal(await asked(honest, 'temporarily_unavailable', {}), 'unavailable')
  t.equal(await asked(honest, 'x'.repeat(1000), {}), 'invalid')
  t.equal(await asked(honest, 'access_denied', { state: 'another' }), 'invalid')
  t.equal(await asked(evil, 'access_denied', {}), 'invalid', 'with the iss of another provider')
})
