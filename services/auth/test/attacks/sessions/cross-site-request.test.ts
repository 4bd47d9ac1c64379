import { gatewayHeader } from '@gatehouse/edge-headers/names'
import t from 'tap'
import { ALLOWED_ORIGIN } from '../../fixtures/auth-config.ts'
import {
  type AuthUnderTest,
  authService,
  email,
  password,
  signedInBrowser
} from '../../fixtures/auth-service.ts'
import { revokedSids } from '../../fixtures/families/stores.ts'
import { type ExpectedProblem, isProblem } from '../../fixtures/problem.ts'

/** The headers in which the gateway names the origin that the browser sees. */
const own = ({ gateway }: AuthUnderTest) => ({
  ...gateway.from('192.0.2.1'),
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'api.example'
})

/** The headers that a browser sends for a page of another site. */
const foreign: Record<string, Record<string, string>> = {
  'another site': { 'sec-fetch-site': 'cross-site' },
  'a sister domain': { 'sec-fetch-site': 'same-site' },
  'an unknown value': { 'sec-fetch-site': 'elsewhere' },
  'another site, which claims our origin': {
    'sec-fetch-site': 'cross-site',
    origin: 'https://api.example'
  },
  'a foreign origin': { origin: 'https://evil.example' },
  'a sandboxed frame': { origin: 'null' },
  'our origin without TLS': { origin: 'http://api.example' },
  'our origin on another port': { origin: 'https://api.example:8443' },
  'an origin that begins like ours': { origin: 'https://api.example.evil.example' },
  'an origin that begins like an allowed one': { origin: `${ALLOWED_ORIGIN}.evil.example` },
  'an allowed origin with a dot behind it': { origin: `${ALLOWED_ORIGIN}.` }
}

/** The headers of pages that may send the cookie. */
const ours: Record<string, Record<string, string>> = {
  'our page': { 'sec-fetch-site': 'same-origin' },
  'a bookmark': { 'sec-fetch-site': 'none' },
  'our page, in a browser without Fetch Metadata': { origin: 'https://api.example' },
  'our page, with the usual port': { origin: 'https://api.example:443' },
  'our page, as a client of WebSockets writes it': { origin: 'WSS://API.example' },
  'an allowed page': { 'sec-fetch-site': 'cross-site', origin: ALLOWED_ORIGIN },
  'an allowed page, in a browser without Fetch Metadata': { origin: ALLOWED_ORIGIN }
}

const refused: ExpectedProblem = {
  code: 'FORBIDDEN',
  detail:
    'requests from other sites are not allowed; ALLOWED_ORIGINS of the auth service lists the exceptions'
}

const bodies: Record<string, object | undefined> = {
  '/register': { email: 'another@example.com', password },
  '/login': { email, password, delivery: 'cookie' },
  '/refresh-token': undefined,
  '/logout': undefined
}

for (const [path, body] of Object.entries(bodies)) {
  t.test(`${path} refuses pages of other sites`, async (t) => {
    const auth = await authService(t)
    const { headers } = await signedInBrowser(auth)
    const { cookie = '' } = headers
    for (const [title, said] of Object.entries(foreign)) {
      const answer = await auth.post(path, body, { ...own(auth), cookie, ...said })
      isProblem(t, answer, refused, title)
      t.notOk(answer.headers['set-cookie'], `${title}: no cookie is set or cleared`)
    }
    t.strictSame(await revokedSids(auth.store), [], 'no user is signed out')
  })
}

t.test('a form of another site is stopped before its body is looked at', async (t) => {
  const auth = await authService(t)
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const headers = { 'sec-fetch-site': 'cross-site', 'content-type': type }
    const answer = await auth.post('/login', `{"email":"${email}","x":"=`, headers)
    isProblem(t, answer, refused, type)
  }
})

t.test('the cookie works for our own pages, and those that are allowed', async (t) => {
  const auth = await authService(t)
  const { headers } = await signedInBrowser(auth)
  const { cookie = '' } = headers
  for (const [title, said] of Object.entries(ours)) {
    const answer = await auth.post('/refresh-token', undefined, { ...own(auth), cookie, ...said })
    t.equal(answer.statusCode, 200, title)
  }
})

t.test('without a gateway, our origin is the one to which the request was sent', async (t) => {
  const auth = await authService(t)
  const { headers } = await signedInBrowser(auth)
  const { cookie = '' } = headers
  const at = (said: Record<string, string>) =>
    auth.post('/refresh-token', undefined, { host: 'auth.internal:3001', cookie, ...said })
  const unproven = { ...own(auth), [gatewayHeader]: '' }
  isProblem(t, await at({ ...unproven, origin: 'https://api.example' }), refused)
  t.equal((await at({ ...unproven, origin: 'http://auth.internal:3001' })).statusCode, 200)
})

t.test('the cookie does not work for clients that are not browsers', async (t) => {
  const auth = await authService(t)
  const { headers, token } = await signedInBrowser(auth)
  const { cookie = '' } = headers
  for (const path of ['/refresh-token', '/logout']) {
    isProblem(t, await auth.post(path, undefined, { ...own(auth), cookie }), refused, path)
  }
  const answer = await auth.post('/refresh-token', { refreshToken: token }, own(auth))
  t.equal(answer.statusCode, 200, 'which shows its token itself')
})
