import t from 'tap'
import { ALLOWED_ORIGIN } from '../../../fixtures/auth-config.ts'
import {
  type Answer,
  type AuthUnderTest,
  authService,
  email,
  password,
  registered
} from '../../../fixtures/auth-service.ts'
import { isProblem } from '../../../fixtures/problem.ts'

/** The headers that a browser sends for an allowed page of another site. */
const elsewhere = { origin: ALLOWED_ORIGIN, 'sec-fetch-site': 'cross-site' }

const login = (auth: AuthUnderTest, headers: Record<string, string>, delivery = 'cookie') =>
  auth.post('/login', { email, password, delivery }, headers)
const setCookies = ({ headers }: Answer) => [headers['set-cookie'] ?? []].flat()
const attributesOf = (cookie = '') => cookie.split('; ').slice(1).sort()
const refreshCookie = (answer: Answer) => {
  const [cookie = ''] = setCookies(answer).filter((one) => /^__Host-refresh=\w/.test(one))
  return cookie
}

t.test('a page of another site can sign in by cookie if the setting allows it', async (t) => {
  const auth = await authService(t, { cookieSameSite: 'none' })
  await registered(auth)
  const answer = await login(auth, elsewhere)
  t.equal(answer.statusCode, 200)
  t.strictSame(setCookies(answer).length, 2, 'the refresh cookie and the one of the device')
  for (const cookie of setCookies(answer)) {
    t.match(attributesOf(cookie), [
      'HttpOnly',
      /^Max-Age=/,
      'Partitioned',
      'Path=/',
      'SameSite=None',
      'Secure'
    ])
  }
  const cookie = refreshCookie(answer).split(';', 1).join()
  const refreshed = await auth.post('/refresh-token', undefined, { ...elsewhere, cookie })
  t.equal(refreshed.statusCode, 200)
  t.match(attributesOf(refreshCookie(refreshed)), /Partitioned/)
  const evil = { ...elsewhere, origin: 'https://evil.example', cookie }
  t.equal((await auth.post('/refresh-token', undefined, evil)).statusCode, 403, 'no other site may')
  const next = refreshCookie(refreshed).split(';', 1).join()
  const out = await auth.post('/logout', undefined, { ...elsewhere, cookie: next })
  t.match(attributesOf(setCookies(out).at(0)), /Partitioned/, 'cleared as it was set')
})

t.test('after a change of the setting, the old cookie is cleared', async (t) => {
  const before = await authService(t)
  await registered(before)
  const own = { 'sec-fetch-site': 'same-origin' }
  const cookie = refreshCookie(await login(before, own))
    .split(';', 1)
    .join()
  const auth = await authService(t, { cookieSameSite: 'none' })
  await registered(auth)
  const [cleared, set] = setCookies(await login(auth, { ...own, cookie }))
  t.match(cleared, /^__Host-refresh=; .*SameSite=Strict/)
  t.notMatch(cleared, /Partitioned/)
  t.match(set, /^__Host-refresh=\w.*Partitioned; SameSite=None/)

  const twice = `${cookie}; ${cookie}`
  const [partitioned, strict] = setCookies(await login(before, { ...own, cookie: twice }))
  t.match(partitioned, /^__Host-refresh=; .*Partitioned; SameSite=None/, 'nor after a change back')
  t.match(strict, /^__Host-refresh=\w.*SameSite=Strict/)
})

t.test('a login whose cookie the browser would drop opens no session', async (t) => {
  const strict = await authService(t)
  await registered(strict)
  const detail = (page: string) =>
    `body/delivery cannot be cookie for a page ${page}: its browser would drop the cookie; use delivery body, or see AUTH_COOKIE_SAME_SITE`
  const refused = await login(strict, elsewhere)
  isProblem(t, refused, { code: 'INVALID_REQUEST', detail: detail('of another site') })
  t.strictSame(setCookies(refused), [])
  t.equal((await login(strict, elsewhere, 'body')).statusCode, 200, 'the body is for everybody')
  const plain = { host: 'shop.example', origin: 'http://shop.example' }
  const unencrypted = await login(strict, plain)
  isProblem(t, unencrypted, { code: 'INVALID_REQUEST', detail: detail('over plain HTTP') })
  const sessions = await strict.database.selectFrom('sessions').selectAll().execute()
  t.equal(sessions.length, 1, 'that of the body')
  for (const kept of [
    { host: 'localhost:3000', origin: 'http://localhost:3000' },
    { host: 'shop.example', 'sec-fetch-site': 'same-origin' },
    { host: 'shop.example' }
  ]) {
    t.equal((await login(strict, kept)).statusCode, 200, JSON.stringify(kept))
  }
})

t.test('the refusal of a refresh says why the browser sent no cookie', async (t) => {
  const reasons: Record<string, RegExp> = {
    strict: /SameSite=Strict is not sent from a page of another site; see AUTH_COOKIE_SAME_SITE$/,
    none: /a page of another site must send each request with credentials: 'include', even the login$/
  }
  for (const cookieSameSite of ['strict', 'none'] as const) {
    const { post } = await authService(t, { cookieSameSite })
    const answer = await post('/refresh-token', undefined, elsewhere)
    const { detail } = answer.json()
    t.match(detail, reasons[cookieSameSite], cookieSameSite)
    isProblem(t, answer, { code: 'UNAUTHENTICATED', detail })
  }
})
