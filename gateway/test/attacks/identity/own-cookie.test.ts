import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { head, provoke } from '../fixtures/raw-request.ts'

const OWN = '__Host-refresh'

/**
 * The `Cookie` lines of a request, and what an ordinary service gets of them, and one with
 * `own-cookies`.
 */
const requests: [lines: string[], ordinary?: string | undefined, withCredentials?: string][] = [
  [[`${OWN}=secret`], undefined, `${OWN}=secret`],
  [
    [`theme=dark; ${OWN}=secret; lang=de`],
    'theme=dark; lang=de',
    `theme=dark; lang=de; ${OWN}=secret`
  ],
  [[`${OWN}=secret;theme=dark`], 'theme=dark', `theme=dark; ${OWN}=secret`],
  [['theme=dark', `${OWN}=secret`], 'theme=dark', `theme=dark; ${OWN}=secret`],
  [[`${OWN}=secret`, `${OWN}=secret-2`], undefined, `${OWN}=secret; ${OWN}=secret-2`],
  [[`  ${OWN}=secret ;; ; a=b`], 'a=b', `a=b; ${OWN}=secret`],
  // Cookies that only resemble ours, and could be mistaken for it, reach no service: a sister
  // domain may have set them.
  [[`  ${OWN}  =secret ;; ; a=b`], 'a=b', 'a=b'],
  [[`\t${OWN}\t= secret`]],
  [[`\xa0${OWN}=secret`]],
  [[`__host-REFRESH=secret`]],
  [[`${OWN}`]],
  [[`${OWN}="secret; a=b"`], 'a=b"', `a=b"; ${OWN}="secret`],
  [[`=${OWN}=secret; a=b`], 'a=b', 'a=b'],
  [[`a=${OWN}=not-it`], `a=${OWN}=not-it`, `a=${OWN}=not-it`],
  [
    ['refresh=other; __Secure-refresh=x'],
    'refresh=other; __Secure-refresh=x',
    'refresh=other; __Secure-refresh=x'
  ],
  [[`${OWN}=${'x'.repeat(5000)}; a=b`], 'a=b', `a=b; ${OWN}=${'x'.repeat(5000)}`]
]

t.test('the refresh cookie goes to the auth service, and to no other', async (t) => {
  const gateway = await edge(t)
  const bearer = `Authorization: Bearer ${gateway.token()}`
  for (const [values, ordinary, withCredentials] of requests) {
    const lines = [...values.map((value) => `Cookie: ${value}`), bearer]
    const title = JSON.stringify(values).slice(0, 60)
    for (const [path, expected] of [
      ['/open', ordinary],
      ['/closed', ordinary],
      ['/auth/login', withCredentials]
    ]) {
      const { received } = await provoke(gateway, head(`GET ${path} HTTP/1.1`, ...lines))
      t.equal(received.length, 1)
      t.equal(received[0]?.headers.cookie, expected, `${title} at ${path}`)
    }
  }
})

t.test('the refresh cookie does not pass in another spelling of the header’s name', async (t) => {
  const gateway = await edge(t)
  for (const name of ['Cookie2', 'cookie_', 'X-Cookie', 'cookie.']) {
    const { received } = await provoke(gateway, head('GET /open HTTP/1.1', `${name}: a=b`))
    t.notOk('cookie' in (received[0]?.headers ?? {}), name)
  }
})

/** Ways to set our cookie; browsers read a nameless cookie's value as a name (RFC 6265bis §5.6). */
const settings = [
  `${OWN}=evil; Path=/; Secure`,
  `${OWN}=`,
  OWN,
  `  ${OWN} =evil`,
  `\t${OWN}=evil`,
  `=${OWN}=evil`,
  ` = ${OWN}=evil`,
  `${OWN}; Max-Age=0`
]

t.test('no other service can set or clear the refresh cookie', async (t) => {
  const gateway = await edge(t)
  const harmless = ['theme=dark; Path=/', `a=${OWN}=not-it`, '__Host-refresher=x', 'refresh=x']
  gateway.upstream.answer = (_request, response) => {
    response.setHeader('set-cookie', [...settings, ...harmless]).end()
  }
  for (const path of ['/open', '/closed']) {
    const answer = await gateway.call(path)
    t.strictSame(answer.headers.getSetCookie(), harmless, path)
  }
  const answer = await gateway.call('/auth/login')
  t.ok(
    answer.headers.getSetCookie().includes(`${OWN}=evil; Path=/; Secure`),
    'the one that it is for'
  )
  gateway.upstream.answer = (_request, response) => {
    response.setHeader('set-cookie', `${OWN}=evil`).end()
  }
  t.notOk((await gateway.call('/open')).headers.has('set-cookie'), 'and where it is the only one')
})

t.test('no service can send headers in the gateway’s name', async (t) => {
  const gateway = await edge(t)
  gateway.upstream.answer = (_request, response) => {
    for (const name of [
      'x-auth-subject',
      'X_Auth_Roles',
      'x.auth.scope',
      'x-auth-assertion',
      'X-AUTH_'
    ]) {
      response.setHeader(name, 'evil')
    }
    response.setHeader('server', 'evil/1.0').setHeader('x-powered-by', 'evil')
    response.setHeader('connection', 'x-secret, X-Other-Secret').setHeader('keep-alive', 'evil')
    response.setHeader('x-secret', 'evil').setHeader('x-other-secret', 'evil')
    response.setHeader('proxy-authenticate', 'Basic realm=evil').setHeader('upgrade', 'evil')
    response.setHeader('x-kept', 'kept').end('whole')
  }
  for (const path of ['/open', '/closed', '/auth/login']) {
    const { answer } = await provoke(
      gateway,
      head(`GET ${path} HTTP/1.1`, `Authorization: Bearer ${gateway.token()}`)
    )
    t.match(answer, /^HTTP\/1\.1 200 /, path)
    t.notMatch(answer, /evil/, `${path}: nothing of it`)
    t.match(answer, /\r\nx-kept: kept\r\n/, `${path}: headers of the service`)
    t.match(answer, /whole/, `${path}: and its body`)
  }
})
