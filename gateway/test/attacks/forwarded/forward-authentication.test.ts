import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { ask, askedFromHere, bearer, forms, subrequest } from '../../verify/fixtures/subrequest.ts'
import { isRefused, linesOf, nameOf } from '../fixtures/described-requests.ts'
import { ambiguous } from '../fixtures/hostile-paths.ts'

// Attacks on oauth2-proxy, Oathkeeper, Authelia, Traefik and Caddy. A client controls its own
// headers, and a proxy forwards those that it does not write. So a proxy must ask about exactly the
// request that it forwards.

const routes = `
  - { name: tenants, prefix: /tenants, upstream: service, tokenClaims: [tenant_id] }
  - { name: live, prefix: /live, upstream: service, access: public, websocket: true }
`

const gateway = await edge(t, { ...askedFromHere, routes })
const good = bearer(gateway.token())

t.test('a path that could be read in two ways is refused in every form', async (t) => {
  const names = Object.keys(forms)
  for (const [index, target] of ambiguous.entries()) {
    // A URL that does not continue with a slash after its host names another host.
    const fitting = target.startsWith('/') ? names : names.filter((one) => !one.endsWith('URL'))
    const form = fitting[index % fitting.length] ?? ''
    t.equal((await ask(gateway, { target }, good, form)).status, 400, `${form}: ${target}`)
  }
})

t.test('a fragment hides no path (oauth2-proxy GHSA-pxq7-h93f-9jrg)', async (t) => {
  for (const target of [
    '/open#/../closed',
    '/closed#/open',
    '/closed%23/open',
    '/closed?x#/open'
  ]) {
    for (const form of Object.keys(forms)) {
      const answer = await ask(gateway, { target }, [], form)
      t.not(answer.status, 200, `${form}: ${target}`)
    }
  }
})

t.test('a query is not part of the path (oauth2-proxy CVE-2025-54576)', async (t) => {
  for (const target of ['/closed?/open', '/closed?x=/open', '/closed?/../open', '/closed??/open']) {
    for (const form of Object.keys(forms)) {
      t.equal((await ask(gateway, { target }, [], form)).status, 401, `${form}: ${target}`)
    }
  }
})

t.test('a Host without a slash cannot move the path within X-Original-URL', async (t) => {
  // nginx refuses a Host with a slash (`test/journeys/forward-auth.test.ts`).
  for (const host of [
    'api.example?',
    'api.example#',
    'api.example%2fopen?',
    'a@api.example',
    'a b'
  ]) {
    const answer = await ask(gateway, { target: '/closed', host }, [], 'ingress-nginx, one URL')
    t.not(answer.status, 200, host)
  }
})

t.test(
  'an offer with which a service could leave HTTP/1.1 is refused (h2c smuggling)',
  async (t) => {
    const handshake = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==']
    for (const lines of [
      ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAAAA'],
      ['Upgrade: h2c', 'Connection: Upgrade'],
      ['Upgrade: h2c'],
      ['upgrade: H2C', 'Connection: close'],
      ['HTTP2-Settings: AAMAAABkAAQAAAAA'],
      ['Upgrade: TLS/1.2', 'Connection: Upgrade'],
      ['Upgrade: websocket, h2c', 'Connection: Upgrade', ...handshake],
      ['Upgrade: h2c, websocket', 'Connection: Upgrade', ...handshake],
      ['Upgrade: websocket', 'Upgrade: h2c', 'Connection: Upgrade', ...handshake],
      // nginx itself would add the header Connection.
      ['Upgrade: websocket', ...handshake],
      ['Upgrade: websocket', 'Connection: Upgrade', ...handshake]
    ]) {
      for (const form of Object.keys(forms)) {
        const title = `${form}: ${lines.join(' | ')}`
        isRefused(t, await ask(gateway, { target: '/open' }, lines, form), title)
      }
    }
    const opens = ['Upgrade: WebSocket', 'Connection: keep-alive, Upgrade', ...handshake]
    t.equal((await ask(gateway, { target: '/live' }, opens)).status, 200, 'a route for WebSockets')
  }
)

const spellings = [
  'X_Auth_Subject',
  'X-Auth_Subject',
  'x.auth.subject',
  'X~Auth~Subject',
  'Grpc-Metadata-X-Auth-Subject',
  'grpc-metadata-x_auth_roles',
  'X-Auth-Assertion_',
  'X-Auth-Claim-Admin',
  'X-Auth-Request-User',
  'X_Auth_Request_Redirect',
  'X-Auth-Request-Redirect',
  'X-Auth-User',
  'X-Auth-'
]

t.test('an identity header that no answer replaces is refused', async (t) => {
  // oauth2-proxy CVE-2025-64484, Caddy CVE-2026-52845
  for (const target of ['/open', '/closed']) {
    for (const name of spellings) {
      isRefused(t, await ask(gateway, { target }, [...good, `${name}: root`]), `${target}: ${name}`)
    }
  }
})

t.test('a spoofed identity header changes nothing in the answer', async (t) => {
  const names = ['Subject', 'Session', 'Client', 'Roles', 'Scope', 'Email', 'Expires', 'Assertion']
  const spoofed = [...names, 'Gateway', 'Claim-Tenant-Id'].map((name) => `X-AUTH-${name}: root`)
  const { status, headers } = await ask(gateway, { target: '/tenants' }, [...spoofed, ...good])
  t.equal(status, 200)
  t.notMatch(Object.values(headers).join(), 'root')
  t.equal(
    (await ask(gateway, { target: '/closed' }, spoofed)).status,
    401,
    'they do not sign the client in'
  )
})

t.test('Connection cannot name an identity header, which a proxy or service removes', async (t) => {
  // Traefik CVE-2024-45410
  for (const line of ['close, x-auth-subject', 'X-Auth-Roles', 'keep-alive,x_auth_subject']) {
    isRefused(t, await ask(gateway, { target: '/closed' }, [...good, `Connection: ${line}`]), line)
  }
  const named = [...good, 'Connection: close, x-trace']
  t.equal((await ask(gateway, { target: '/closed' }, named)).status, 200)
})

t.test('two hosts of a subrequest are refused (RFC 9112 §3.2)', async (t) => {
  const lines = ['Host: api.example', 'Host: api.example', ...linesOf('Traefik and Caddy')]
  isRefused(t, await subrequest(gateway, { lines: [...lines, ...good] }), 'twice')
})

t.test('no user agent and no path of a health check passes', async (t) => {
  // oauth2-proxy GHSA-5hvv-m4w4-gf6v
  for (const agent of ['GoogleHC/1.0', 'kube-probe/1.30', 'ELB-HealthChecker/2.0']) {
    const answer = await ask(gateway, { target: '/closed' }, [`User-Agent: ${agent}`])
    t.equal(answer.status, 401, agent)
  }
})

t.test('a subrequest with a body is refused', async (t) => {
  for (const line of ['Content-Length: 5', 'Transfer-Encoding: chunked']) {
    isRefused(t, await ask(gateway, { target: '/open' }, [line]), line)
  }
})

t.test('the client address is that of the trusted chain', async (t) => {
  const lines = ['X-Forwarded-For: 203.0.113.9, unknown']
  const rest = linesOf('Traefik and Caddy').filter((line) => nameOf(line) !== 'X-Forwarded-For')
  isRefused(t, await subrequest(gateway, { lines: [...rest, ...lines] }), 'no address')
})

t.test('only a trusted proxy may ask', async (t) => {
  const closed = await edge(t, { verifies: true, trustedProxies: ['192.0.2.1'] })
  for (const path of ['/verify', '/verify/open', '/']) {
    const lines = linesOf('Traefik and Caddy')
    const { status, problem } = await subrequest(closed, { path, lines })
    t.strictSame([status, problem?.code], [403, 'FORBIDDEN'], path)
  }
})

t.test('the listener forwards nothing', async (t) => {
  t.strictSame(gateway.upstream.received, [])
})
