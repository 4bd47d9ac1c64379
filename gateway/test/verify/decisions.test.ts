import { createPublicKey } from 'node:crypto'
import { jwtVerify } from 'jose'
import t from 'tap'
import { edge } from '../fixtures/edge.ts'
import { ask, askAsEnvoy, askedFromHere, bearer, forms, type Lines } from './fixtures/subrequest.ts'

const routes = `
  - { name: shared, prefix: /shared, upstream: service, audience: orders }
  - { name: scoped, prefix: /scoped, upstream: service, scopes: [orders:admin] }
  - { name: admins, prefix: /admins, upstream: service, roles: [root] }
  - { name: fresh, prefix: /fresh, upstream: service, maxLoginAgeSeconds: 1 }
  - { name: optional, prefix: /optional, upstream: service, access: optional }
  - { name: reads, prefix: /reads, upstream: service, methods: { GET: {} } }
  - { name: tenants, prefix: /tenants, upstream: service, tokenClaims: [tenant_id] }
  - { name: counted, prefix: /counted, upstream: service, limit: { max: 3, windowSeconds: 60, by: subject } }
  - { name: socket, prefix: /socket, upstream: service, websocket: true }
  - { name: pages, prefix: /pages, upstream: service, cors: { origins: ['https://app.example'] } }
  - { name: oauth, prefix: /oauth, upstream: service, access: public, errors: oauth, methods: { POST: {} } }
`
const gateway = await edge(t, { ...askedFromHere, routes })
const trusted = { 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'https' }

/** The identity headers that the service gets for a request through the gateway. */
async function forwarded(path: string, init: RequestInit) {
  const before = gateway.upstream.received.length
  await gateway.call(path, { ...init, headers: { ...trusted, ...init.headers } })
  const { headers = {} } = gateway.upstream.received[before] ?? {}
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-auth-')))
}

/** The identity headers of an answer, without empty ones. */
const said = (headers: object) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => name.startsWith('x-auth-') && value !== '')
  )

t.test('an answer has the identity headers that the service would get', async (t) => {
  const token = gateway.token({ tenant_id: 'acme' })
  const headers = { authorization: `Bearer ${token}` }
  for (const [path, method] of [
    ['/closed/things?x=1', 'GET'],
    ['/closed', 'DELETE'],
    ['/optional', 'POST'],
    ['/tenants/a%20b', 'PUT'],
    ['/open', 'GET'],
    ['/auth/login', 'POST']
  ] as const) {
    const expected = await forwarded(path, { method, headers })
    for (const form of Object.keys(forms)) {
      const answer = await ask(gateway, { method, target: path }, bearer(token), form)
      t.equal(answer.status, 200, `${form}: ${method} ${path}`)
      t.strictSame(said(answer.headers), expected, `${form}: the same headers`)
    }
    const answer = await askAsEnvoy(gateway, { method, target: path }, bearer(token))
    t.strictSame([answer.status, said(answer.headers)], [200, expected], `Envoy: ${path}`)
  }
})

const everyHeader = [
  ...['subject', 'session', 'client', 'roles', 'scope', 'email', 'expires', 'assertion', 'gateway'],
  'claim-tenant-id'
].map((name) => `x-auth-${name}`)

t.test('an answer has every identity header, and empty ones where there is nothing', async (t) => {
  for (const target of ['/open', '/optional']) {
    const spoofed = everyHeader.map((name) => `${name}: root`)
    const { status, headers } = await ask(gateway, { target }, spoofed)
    t.equal(status, 200, target)
    for (const name of everyHeader) t.equal(headers[name], '', `${target}: ${name}`)
  }
  const { headers } = await ask(gateway, { target: '/closed' }, bearer(gateway.token()))
  t.strictSame([headers['x-auth-subject'], headers['x-auth-claim-tenant-id']], ['user-1', ''])
})

t.test('the assertion of an answer has the audience of the route', async (t) => {
  const key = createPublicKey({ key: gateway.assertionKey.publicJwk, format: 'jwk' })
  for (const [target, audience] of [
    ['/closed/x', 'closed'],
    ['/shared', 'orders']
  ] as const) {
    const { headers } = await ask(gateway, { target }, bearer(gateway.token()))
    const { payload } = await jwtVerify(String(headers['x-auth-assertion']), key, {
      audience,
      issuer: 'gatehouse-gateway',
      typ: 'gatehouse-assertion+jwt',
      currentDate: new Date(gateway.clock())
    })
    t.equal(payload.sub, 'user-1', audience)
  }
})

t.test('an answer has the credentials as the service may see them', async (t) => {
  const lines = [...bearer(gateway.token()), 'Cookie: a=1; __Host-refresh=secret; b=2']
  const { headers } = await ask(gateway, { target: '/closed' }, lines)
  t.strictSame([headers.authorization, headers.cookie], ['', 'a=1; b=2'])
  const login = await ask(gateway, { method: 'POST', target: '/auth/login' }, lines)
  t.equal(login.headers.cookie, 'a=1; b=2; __Host-refresh=secret', 'the route takes the cookie')
})

t.test('a refusal is the one that the gateway gives', async (t) => {
  const expired = gateway.token({ exp: Math.floor(gateway.clock() / 1000) - 60 })
  gateway.log.revoke({ kind: 'session', id: 'ended', until: gateway.clock() + 900_000 })
  const good = bearer(gateway.token())
  const names = ['www-authenticate', 'allow', 'content-type', 'cache-control']
  const requests: [method: string, path: string, lines: Lines, status: number, code: string][] = [
    ['GET', '/closed', [], 401, 'UNAUTHENTICATED'],
    ['GET', '/closed', bearer('x.y.z'), 401, 'UNAUTHENTICATED'],
    ['GET', '/closed', ['Authorization: Basic YTpi'], 401, 'UNAUTHENTICATED'],
    ['GET', '/closed', bearer(expired), 401, 'TOKEN_EXPIRED'],
    ['GET', '/closed', bearer(gateway.token({ sid: 'ended' })), 401, 'SESSION_ENDED'],
    ['GET', '/optional', bearer('x.y.z'), 401, 'UNAUTHENTICATED'],
    ['GET', '/scoped', good, 403, 'FORBIDDEN'],
    ['GET', '/admins', good, 403, 'FORBIDDEN'],
    ['GET', '/fresh', good, 401, 'UNAUTHENTICATED'],
    ['GET', '/nowhere', good, 404, 'NOT_FOUND'],
    ['POST', '/reads', good, 405, 'METHOD_NOT_ALLOWED'],
    ['GET', '/open/%41', good, 400, 'INVALID_REQUEST'],
    ['GET', `/${'x'.repeat(8200)}`, good, 414, 'INVALID_REQUEST'],
    ['OPTIONS', '/closed', ['Origin: https://a.example'], 401, 'UNAUTHENTICATED']
  ]
  for (const [method, path, lines, status, code] of requests) {
    const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]))
    const direct = await fetch(`${gateway.url}${path}`, { method, headers })
    const { requestId: _, ...problem } = (await direct.json()) as Record<string, unknown>
    const expected = names.map((name) => direct.headers.get(name))
    for (const form of Object.keys(forms)) {
      const title = `${form}: ${method} ${path.slice(0, 30)} ${code}`
      const answer = await ask(gateway, { method, target: path }, lines, form)
      const { requestId, ...same } = answer.problem ?? {}
      t.strictSame([answer.status, same.code], [status, code], title)
      t.strictSame(same, problem, `${title}: the problem of the gateway`)
      const headers = names.map((name) => answer.headers[name] ?? null)
      t.strictSame(headers, expected, `${title}: its headers`)
      const told = JSON.parse(String(answer.headers['gatehouse-problem']))
      t.strictSame([told, said(answer.headers)], [answer.problem, {}], `${title}: for nginx`)
    }
  }
})

t.test('a refusal has the form of the errors of its route', async (t) => {
  const { status, problem } = await ask(gateway, { target: '/oauth' })
  t.strictSame([status, problem?.error], [405, 'invalid_request'])
})

t.test('a page of a listed origin may read a refusal', async (t) => {
  const origin = ['Origin: https://app.example']
  const { headers } = await ask(gateway, { target: '/pages' }, origin)
  t.match(headers, { 'access-control-allow-origin': 'https://app.example', vary: /origin/ })
  const other = await ask(gateway, { target: '/closed' }, origin)
  t.equal(other.headers['access-control-allow-origin'], undefined)
})

t.test('a limit counts requests and subrequests together', async (t) => {
  const sub = { sub: 'user-9' }
  const headers = { authorization: `Bearer ${gateway.token(sub)}` }
  const target = '/counted'
  t.equal((await ask(gateway, { target }, bearer(gateway.token(sub)))).status, 200)
  t.equal((await gateway.call(target, { headers })).status, 200)
  t.equal((await ask(gateway, { target }, bearer(gateway.token(sub)))).status, 200)
  const answer = await ask(gateway, { target }, bearer(gateway.token(sub)))
  t.match(answer, { status: 429, problem: { code: 'RATE_LIMITED', retryable: true } })
  t.match(answer.headers['retry-after'], /^\d+$/)
  t.equal((await gateway.call(target, { headers })).status, 429, 'at the other listener too')
})

const handshake = (...more: string[]): Lines => [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ...more
]

t.test('a WebSocket handshake gets the decision that the public listener would make', async (t) => {
  const token = gateway.token()
  const protocols = `Sec-WebSocket-Protocol: chat, gatehouse.bearer.${token}`
  const statusOf = async (target: string, lines: Lines) =>
    (await ask(gateway, { target }, lines)).status
  t.equal(await statusOf('/socket', handshake(protocols)), 200)
  t.equal(await statusOf('/socket', handshake()), 401, 'no token')
  t.equal(await statusOf('/closed', handshake(protocols)), 400, 'no route of WebSockets')
  const foreign = handshake(protocols, 'Origin: https://evil.example')
  t.equal(await statusOf('/socket', foreign), 403, 'a page of another origin')
  t.equal(await statusOf('/socket', handshake(protocols, 'Origin: https://api.example')), 200)
})
