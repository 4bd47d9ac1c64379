import { fakeProvider } from '@gatehouse/fixtures/fake-provider'
import t from 'tap'
import { isProblem } from '../../fixtures/problem.ts'
import {
  APP_URL,
  authWithProviders,
  begin,
  callback,
  challengeOf,
  newVerifier,
  RETURN_URL
} from '../../fixtures/providers/provider-login.ts'

const provider = await fakeProvider(t)
const auth = await authWithProviders(t, [{ id: 'acme', issuer: provider.issuer }])
const ada = { sub: 'ada', email: 'ada@example.com', email_verified: true }

t.test('a login returns to no URL but those of AUTH_RETURN_URLS, byte for byte', async (t) => {
  const refused = {
    code: 'INVALID_REQUEST',
    detail: 'querystring/returnTo must be one of AUTH_RETURN_URLS, byte for byte'
  } as const
  const codeChallenge = challengeOf(newVerifier())
  for (const returnTo of [
    '',
    '/',
    '//evil.example',
    '\\\\evil.example',
    '/signed-in',
    'https://evil.example/signed-in',
    'https://app.example.evil.example/signed-in',
    'https://app.example@evil.example/signed-in',
    'https://evil.example#https://app.example/signed-in',
    'https://app.example/redirect?to=https://evil.example',
    'https://app.example:444/signed-in',
    'http://app.example/signed-in',
    'HTTPS://APP.EXAMPLE/signed-in',
    `${RETURN_URL}/`,
    `${RETURN_URL}?x=1`,
    `${RETURN_URL}#x`,
    `${RETURN_URL}/../other`,
    ` ${RETURN_URL}`,
    `${RETURN_URL}\r\nlocation: https://evil.example`,
    `${RETURN_URL} ${APP_URL}`,
    'javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'com.example.app:/other',
    'com.example.app://signed-in',
    'com.evil.app:/signed-in'
  ]) {
    const query = new URLSearchParams({ codeChallenge, returnTo })
    const answer = await auth.get(`/login/providers/acme?${query}`)
    isProblem(t, answer, refused, JSON.stringify(returnTo))
    t.equal(answer.headers.location, undefined)
  }
  const twice = `codeChallenge=${codeChallenge}&returnTo=${RETURN_URL}&returnTo=https://evil.example`
  t.equal((await auth.get(`/login/providers/acme?${twice}`)).statusCode, 400)
  t.equal((await auth.get('/login/providers/acme')).statusCode, 400, 'nor without a challenge')
})

t.test('a login returns to the page or app that began it', async (t) => {
  for (const [asked, to] of [
    [{}, RETURN_URL],
    [{ returnTo: RETURN_URL }, RETURN_URL],
    [{ returnTo: APP_URL }, APP_URL]
  ] as const) {
    const { location, browser } = await begin(auth, 'acme', asked)
    const forged = { ...browser, host: 'evil.example', 'x-forwarded-host': 'evil.example' }
    const answer = await callback(auth, 'acme', provider.authorize(location, ada), forged)
    t.match(String(answer.headers.location), new RegExp(`^${to}#code=[\\w-]{43}&provider=acme$`))
    t.equal(answer.headers['referrer-policy'], 'no-referrer')
    t.equal(
      new URL(location).searchParams.get('redirect_uri'),
      'https://issuer.example/auth/login/providers/acme/callback'
    )
  }
})
