import t from 'tap'
import {
  type Answer,
  authService,
  browserHeaders,
  disable,
  signedInBrowser,
  used
} from '../../../fixtures/auth-service.ts'
import { policy } from '../../../fixtures/families/stores.ts'
import { isProblem } from '../../../fixtures/problem.ts'

const cleared = (answer: Answer) => {
  const [cookie] = [answer.headers['set-cookie']].flat()
  return cookie?.startsWith('__Host-refresh=;') ?? false
}

t.test('a refresh by cookie returns the next token in a cookie', async (t) => {
  const auth = await authService(t)
  const { token, headers } = await signedInBrowser(auth)
  const bodies = [undefined, '', '{}', 'null']
  for (const body of bodies) {
    const type: Record<string, string> =
      body === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await auth.post('/refresh-token', body, { ...headers, ...type })
    t.equal(answer.statusCode, 200, `with ${body} for a body`)
    t.notOk('refreshToken' in answer.json(), 'no token in the body')
    const [cookie] = answer.cookies
    t.match(cookie, {
      name: '__Host-refresh',
      value: /^[\w-]{94}$/,
      maxAge: policy.idleSeconds,
      path: '/',
      httpOnly: true,
      secure: true,
      sameSite: 'Strict'
    })
    t.not(cookie?.value, token, 'but a new one in the cookie')
  }
})

t.test(
  'a token in the body takes precedence over the cookie, and is answered in the body',
  async (t) => {
    const auth = await authService(t)
    const { token } = await signedInBrowser(auth)
    const headers = browserHeaders('garbled')
    const answer = await auth.post('/refresh-token', { refreshToken: token }, headers)
    t.match(answer.json(), { refreshToken: /^[\w-]{94}$/ })
    t.notOk(answer.headers['set-cookie'])
  }
)

t.test('a session that has ended clears the cookie', async (t) => {
  const auth = await authService(t)
  const { user, headers } = await signedInBrowser(auth)
  await disable(auth, user.id)
  const answer = await auth.post('/refresh-token', undefined, headers)
  isProblem(t, answer, { code: 'SESSION_ENDED' })
  t.match(answer.cookies, [
    {
      name: '__Host-refresh',
      value: '',
      path: '/',
      expires: new Date(0),
      httpOnly: true,
      secure: true,
      sameSite: 'Strict'
    }
  ])
})

t.test('a spent cookie, long after, ends the session and is cleared', async (t) => {
  const auth = await authService(t)
  const { headers } = await signedInBrowser(auth)
  const next = await auth.post('/refresh-token', undefined, headers)
  await used(auth, next.json().accessToken)
  auth.clock.advance(policy.graceSeconds * 1000)
  const answer = await auth.post('/refresh-token', undefined, headers)
  isProblem(t, answer, { code: 'SESSION_ENDED' })
  t.ok(cleared(answer))
})

t.test('a tab that loses the race does not clear the cookie of the winner', async (t) => {
  const auth = await authService(t)
  const { headers } = await signedInBrowser(auth)
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => auth.post('/refresh-token', undefined, headers))
  )
  t.ok(answers.every((answer) => answer.statusCode === 200 && !cleared(answer)))
  t.equal(new Set(answers.map(({ cookies }) => cookies[0]?.value)).size, 1, 'one new cookie')
})

t.test('a cookie that is not ours neither works nor is cleared', async (t) => {
  const auth = await authService(t)
  const { token } = await signedInBrowser(auth)
  const garbled = {
    'a garbled value': 'garbled',
    'a value cut short': token.slice(0, -1),
    'a value of 5 kB': 'x'.repeat(5000),
    'percent signs that encode nothing': '%zz%'
  }
  for (const [title, value] of Object.entries(garbled)) {
    const answer = await auth.post('/refresh-token', undefined, browserHeaders(value))
    isProblem(t, answer, { code: 'UNAUTHENTICATED' }, title)
    t.notOk(answer.headers['set-cookie'], `${title}: it stays`)
  }
})

t.test('a duplicate cookie, or one with another name, counts as absent', async (t) => {
  const auth = await authService(t)
  const { token } = await signedInBrowser(auth)
  const named = (name: string) => `${name}=${token}`
  const twice = 'the request has two refresh cookies: sign in again'
  const none = /^the body has no refreshToken, and the browser sent no refresh cookie: /
  const cookies: Record<string, [cookie: string, detail: string | RegExp]> = {
    'twice the same': [`${named('__Host-refresh')}; ${named('__Host-refresh')}`, twice],
    "ours behind a sister domain's": [`__Host-refresh=planted; ${named('__Host-refresh')}`, twice],
    'ours before it': [`${named('__Host-refresh')};__Host-refresh=planted`, twice],
    'without the prefix': [named('refresh'), none],
    'in other letters': [named('__host-refresh'), none],
    'with a space in the name': [named('__Host-refresh '), none],
    'inside another value': [`a="; ${token}; __Host-refresh"`, none]
  }
  for (const [title, [cookie, words]] of Object.entries(cookies)) {
    const headers = { cookie, 'sec-fetch-site': 'same-origin' }
    const answer = await auth.post('/refresh-token', undefined, headers)
    const { detail } = answer.json()
    t.match(detail, words, title)
    isProblem(t, answer, { code: 'UNAUTHENTICATED', detail }, title)
    t.notOk(answer.headers['set-cookie'], `${title}: nothing is cleared`)
  }
})

t.test('other cookies are ignored', async (t) => {
  const auth = await authService(t)
  const { token } = await signedInBrowser(auth)
  const cookie = `theme=dark; __Host-refresh=${token}; __Host-refresh-2=x; x__Host-refresh=y`
  const headers = { cookie, 'sec-fetch-site': 'same-origin' }
  t.equal((await auth.post('/refresh-token', undefined, headers)).statusCode, 200)
})
