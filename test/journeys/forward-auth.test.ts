import t, { type Test } from 'tap'
import {
  forwardAuthGateway,
  type Proxied,
  send,
  signsIn,
  upgradesNothing
} from './fixtures/forward-auth-gateway.ts'
import { realProxies } from './fixtures/real-proxies.ts'

// Real proxies with the configurations of docs/forward-auth, before a service that trusts only the
// assertion.

const { gateway, callerOf, authorization } = await forwardAuthGateway(t)

const spoofed = [
  ...['Subject', 'Session', 'Client', 'Roles', 'Scope', 'Email', 'Expires', 'Assertion', 'Gateway'],
  'Claim-Tenant'
].flatMap((name) => [`X-Auth-${name}`, `x_auth_${name}`, `X-AUTH_${name}`, `X.Auth.${name}`])

const others = [
  'Grpc-Metadata-X-Auth-Subject',
  'X~Auth~Subject',
  'X-Auth-User',
  'X-Auth-Request-User'
]

/** Each tries to reach the service of /closed, or to be taken for another path or method. */
const tricks: [line: string, ...lines: string[]][] = [
  ...[
    '/open/../closed',
    '/open/%2e%2e/closed',
    '//closed',
    '/open//../closed',
    '/closed#/open',
    '/auth/../closed',
    '/closed/../auth/x'
  ].map((path): [string] => [`GET ${path} HTTP/1.1`]),
  ...['/open/..%2fclosed', '/auth/..;/closed', '/%63losed', '/closed%00/open', '/CLOSED'].map(
    (path): [string] => [`GET ${path} HTTP/1.1`]
  ),
  ['GET http://api.example/closed HTTP/1.1'],
  ['GET http://other.example/open/../closed HTTP/1.1'],
  ['GET /closed HTTP/1.1', 'X-Original-URI: /open'],
  ['GET /closed HTTP/1.1', 'X-Original-URL: https://api.example/open'],
  ['GET /closed HTTP/1.1', 'X-Forwarded-Uri: /open'],
  ['GET /closed HTTP/1.1', 'X_Forwarded_Uri: /open', 'X_Original_URI: /open'],
  ['GET /closed HTTP/1.1', 'X-Rewrite-URL: /open'],
  ['GET /closed HTTP/1.1', 'X-Forwarded-Prefix: /open'],
  ['GET /closed HTTP/1.1', 'Connection: close, x-original-uri, x-forwarded-uri'],
  ['GET /closed HTTP/1.1', 'Host: api.example?/open'],
  ['GET /closed HTTP/1.1', 'Host: api.example/open?'],
  ['GET /closed HTTP/1.1', 'Host: api.example/open#'],
  ['POST /reads HTTP/1.1', authorization(), 'X-Original-Method: GET', 'Content-Length: 0'],
  ['POST /reads HTTP/1.1', authorization(), 'X-Forwarded-Method: GET', 'Content-Length: 0'],
  ['GET /admins HTTP/1.1', authorization(), 'X-Auth-Roles: root']
]

async function passes(t: Test, proxied: Proxied) {
  const cookie = 'Cookie: a=1; __Host-refresh=secret; b=2'
  const { status, reached } = await send(
    proxied,
    'POST /closed/a%20b?x=1 HTTP/1.1',
    authorization(),
    cookie,
    'Content-Length: 0'
  )
  t.equal(status, 200, 'a signed-in request passes')
  const [request] = reached
  t.match(request, { method: 'POST', target: '/closed/a%20b?x=1' })
  const { headers = {} } = request ?? {}
  t.match(headers, { 'x-auth-subject': 'user-1', 'x-auth-scope': /./, cookie: 'a=1; b=2' })
  t.equal(await callerOf(headers['x-auth-assertion'], 'closed'), 'user-1', 'the assertion is valid')
  t.notOk(headers.authorization, 'without its token')
  t.notMatch(JSON.stringify(request), 'secret', 'without the refresh token')
  const anonymous = await send(proxied, 'GET /open HTTP/1.1')
  t.equal(anonymous.status, 200, 'a public route needs none')
  for (const path of ['/open', '/either']) {
    const { reached } = await send(proxied, `GET ${path} HTTP/1.1`, 'Tracestate: evil=1')
    const names = Object.keys(reached[0]?.headers ?? {})
    const known = names.filter((name) => /^(x-auth-.*|authorization|cookie|tracestate)$/.test(name))
    t.strictSame(known, [], `${path}: an anonymous request has no such header, not even empty`)
  }
}

/**
 * RFC 9110 §7.6.1 lets a proxy remove the headers that `Connection` names. These headers are not
 * the client's.
 */
async function keeps(t: Test, proxied: Proxied) {
  const names = ['x-auth-subject', 'x-auth-scope', 'x-auth-assertion', 'x-request-id', 'cookie']
  for (const value of [names.join(', '), `close,${names.join()}`, `keep-alive, ${names.join()}`]) {
    const lines = [authorization(), 'Cookie: a=1', `Connection: ${value}`]
    const { status, reached } = await send(proxied, 'GET /closed HTTP/1.1', ...lines)
    const headers = reached[0]?.headers ?? {}
    t.equal(status, 200, value)
    for (const name of names) t.ok(headers[name], `${name} after Connection: ${value}`)
    t.notMatch(headers.connection ?? '', 'x-auth', 'no later proxy removes them')
  }
}

/** A service reads a target in one way only. */
async function passesOrigins(t: Test, proxied: Proxied) {
  for (const origin of ['http://api.example', 'http://user@api.example', 'HTTP://api.example']) {
    const { status, reached } = await send(proxied, `GET ${origin}/open?a=b HTTP/1.1`)
    const targets = reached.map(({ target }) => target)
    t.strictSame(targets, status === 200 ? ['/open?a=b'] : [], `${origin}: ${status}`)
  }
}

async function refuses(t: Test, proxied: Proxied) {
  const refusals: [line: string, lines: string[], status: number, text: string | RegExp][] = [
    ['GET /closed HTTP/1.1', [], 401, '"code":"UNAUTHENTICATED"'],
    ['GET /closed HTTP/1.1', ['Authorization: Bearer x.y.z'], 401, 'error="invalid_token"'],
    ['GET /admins HTTP/1.1', [authorization()], 403, '"code":"FORBIDDEN"'],
    ['GET /nowhere HTTP/1.1', [authorization()], 404, '"code":"NOT_FOUND"'],
    ['DELETE /reads HTTP/1.1', [authorization()], 405, /^allow: GET, HEAD/im],
    ['GET /open/%41 HTTP/1.1', [], 400, '"code":"INVALID_REQUEST"']
  ]
  for (const [line, lines, status, text] of refusals) {
    const refused = await send(proxied, line, ...lines)
    t.strictSame([refused.status, refused.reached], [status, []], line)
    t.match(refused.answer, text, `${line}: the words of the gateway`)
    const challenges = refused.answer.match(/^www-authenticate: Bearer realm="gatehouse"/gim) ?? []
    t.equal(challenges.length, status === 401 ? 1 : 0, `${line}: one challenge`)
  }
  const sub = { sub: `counted at ${proxied.port}` }
  t.equal((await send(proxied, 'GET /counted HTTP/1.1', authorization(sub))).status, 200)
  const over = await send(proxied, 'GET /counted HTTP/1.1', authorization(sub))
  t.strictSame([over.status, over.reached], [429, []], 'a limit counts')
  t.match(over.answer, /^retry-after: \d+/im)
  t.match(over.answer, '"code":"RATE_LIMITED"')
}

/** No header that the service may take for its identity comes from the client. */
async function strips(t: Test, proxied: Proxied) {
  for (const name of [...spoofed, ...others]) {
    for (const line of ['GET /open HTTP/1.1', 'GET /closed HTTP/1.1']) {
      const lines = line.includes('closed') ? [authorization()] : []
      const { status, reached } = await send(proxied, line, ...lines, `${name}: root`)
      const { rawHeaders = [], headers = {} } = reached[0] ?? {}
      const seen = [status, reached.length, rawHeaders.includes('root'), headers['x-auth-subject']]
      const subject = lines.length > 0 ? 'user-1' : undefined
      const whole = [200, 1, false, subject]
      const expected = status === 400 ? [400, 0, false, undefined] : whole
      t.strictSame([...seen.slice(0, 3), seen[3] || undefined], expected, `${name}: ${line}`)
    }
  }
  const all = [...spoofed.filter((name) => name.startsWith('X-Auth-'))].map((one) => `${one}: root`)
  const { reached } = await send(proxied, 'GET /open HTTP/1.1', ...all)
  t.notMatch(JSON.stringify(reached), 'root', 'all at once')
}

async function resists(t: Test, proxied: Proxied) {
  for (const [line, ...lines] of tricks) {
    const { status, reached } = await send(proxied, line, ...lines)
    t.not(status, 200, `${line} ${lines.at(-1) ?? ''}`)
    t.strictSame(reached, [], `${line}: the service never sees it`)
  }
  const overridden = await send(
    proxied,
    'POST /closed HTTP/1.1',
    authorization(),
    'X-HTTP-Method-Override: DELETE',
    'Content-Length: 0'
  )
  t.notMatch(JSON.stringify(overridden.reached), 'DELETE', 'no other method')
}

for (const [name, { missing, start }] of Object.entries(realProxies)) {
  t.test(`${name} follows the decisions of the gateway`, { skip: missing }, async (t) => {
    const { upstream, verifyUrl } = gateway
    const { received, url: serviceUrl } = upstream
    const places = { verifyUrl, serviceUrl, publicUrl: gateway.url }
    const proxied = { port: await start(t, places), received }
    await t.test(`${name} forwards what the gateway allows, with its headers`, (t) =>
      passes(t, proxied)
    )
    await t.test(`${name} answers with the refusal of the gateway`, (t) => refuses(t, proxied))
    await t.test(`${name} forwards no identity of a client`, (t) => strips(t, proxied))
    await t.test(`${name} forwards the headers of the gateway, whatever Connection names`, (t) =>
      keeps(t, proxied)
    )
    await t.test(`${name} forwards a path and a query, and no whole URL`, (t) =>
      passesOrigins(t, proxied)
    )
    await t.test(`${name} forwards no upgrade that the gateway has not allowed`, (t) =>
      upgradesNothing(t, proxied)
    )
    await t.test(`${name} cannot be led to another path or method`, (t) => resists(t, proxied))
    await t.test(`${name} sends logins to the public port of the gateway`, (t) =>
      signsIn(t, proxied)
    )
    await t.test(`${name} forwards nothing without an answer`, async (t) => {
      const other = { ...places, verifyUrl: 'http://127.0.0.1:9' }
      const before = received.length
      const { status } = await fetch(`http://127.0.0.1:${await start(t, other)}/open`)
      t.ok(status >= 500, `${status}`)
      t.equal(received.length, before)
    })
  })
}

const { missing, start } = realProxies.nginx
t.test(
  'nginx passes on the refusal of a gateway if another one is down',
  { skip: missing },
  async (t) => {
    const { upstream, verifyUrl, url: publicUrl } = gateway
    const firstVerify = '127.0.0.1:9'
    const port = await start(t, { verifyUrl, publicUrl, firstVerify, serviceUrl: upstream.url })
    const proxied = { port, received: upstream.received }
    for (let times = 0; times < 4; times += 1) {
      const { status, answer } = await send(proxied, 'GET /closed HTTP/1.1')
      t.equal(status, 401)
      t.equal(answer.match(/^www-authenticate:/gim)?.length, 1)
    }
  }
)
