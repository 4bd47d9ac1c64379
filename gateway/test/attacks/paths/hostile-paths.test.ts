import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { ambiguous, words } from '../fixtures/hostile-paths.ts'
import { head, provoke } from '../fixtures/raw-request.ts'

// Oathkeeper GHSA-p224-6x5r-fjpm: if two programs read one path differently, the first one decides
// about another path than the second one serves. Such a path is refused, not repaired.

/** Paths without a route, although they resemble paths of routes. */
const routeless = words(`
  /openX /open;x /open;/closed /open.json /open, /open= /open~ /open-closed /open:80 /open@x /close /closedX
  /OPEN /Open /oPen/x /CLOSED /Closed /AUTH/login /auth/Login /open%20 /%20open  /open%C2%A0
  /%ef%bd%8fpen / /x /ope /o /auth /auth/ /auth/loginx /auth/login;x /login /x/open /x/closed /closed;jsessionid=1
  /metrics /healthz /readyz /.well-known/gateway-jwks.json /__proto__ /constructor /?/open /?x=/../open`)

/**
 * Canonical paths, which are forwarded unchanged. The service may interpret them as it likes,
 * because they belong to its route.
 */
const canonical = words(`
  /open /open/ /open/x /open/x/ /open?/../closed /open?x=%2e%2e%2f&y=%00&z=% /open?a[]=1|2 /open?a={"b":1}
  /open/a%20b /open/%E2%82%AC /open/%e2%82%ac /open/%F0%9F%9A%80 /open/x%26y /open/%22x%22 /open/a+b
  /open/x;y=1 /open/;/x /open/.x /open/x. /open/x..y /open/!$&'()*+,;=:@ /open/[slug]/a|b /open/%5Bx%5D%7C /open/~x /open/%7ex /open/closed /open/open /open/-_~
  /open?http://evil/`)

t.test('the list of hostile paths has its full length', (t) => {
  t.ok(new Set([...ambiguous, ...routeless, ...canonical]).size >= 170)
  t.ok(new Set(ambiguous).size >= 100)
  t.end()
})

t.test('a request with a path that could be read in two ways gets 400', async (t) => {
  const gateway = await edge(t)
  for (const path of ambiguous) {
    const { statuses, received, answer } = await provoke(gateway, head(`GET ${path} HTTP/1.1`))
    t.strictSame(statuses, [400], path)
    t.match(answer, '"code":"INVALID_REQUEST"', `${path}: in the documented form`)
    t.strictSame(received, [], `${path}: no service sees it`)
  }
})

t.test('a hostile path is refused even with a valid token', async (t) => {
  const gateway = await edge(t)
  for (const path of ambiguous) {
    const bytes = head(`GET ${path} HTTP/1.1`, `Authorization: Bearer ${gateway.token()}`)
    const { statuses, received } = await provoke(gateway, bytes)
    t.strictSame([statuses, received], [[400], []], path)
  }
})

t.test('a prefix ends where a segment ends, and its case counts', async (t) => {
  const gateway = await edge(t)
  for (const path of routeless) {
    const { statuses, received } = await provoke(gateway, head(`GET ${path} HTTP/1.1`))
    t.strictSame([statuses, received], [[404], []], path)
  }
})

t.test('a path that a lenient server serves as a closed route is refused', async (t) => {
  const routes = '  - { name: inner, prefix: /open/inner, upstream: service }\n'
  const gateway = await edge(t, { routes })
  for (const path of [
    '/open/INNER',
    '/open/Inner/x',
    '/open/inner;x',
    '/open/inner;jsessionid=1/x',
    '/open/inner.',
    '/open/inner%20',
    '/open/inner.%20/x',
    '/open/%EF%BD%89nner',
    '/open/%C4%B1nner',
    '/open/%C4%B0nner',
    '/open/i%CC%87nner',
    '/open/inner%20x',
    '/open/inner%20HTTP/1.0',
    '/open/inner%C2%A0x',
    '/open/inner+x'
  ]) {
    const { statuses, received } = await provoke(gateway, head(`GET ${path} HTTP/1.1`))
    t.strictSame([statuses, received], [[400], []], path)
  }
  for (const path of [
    '/open/innermost',
    '/open/x/inner',
    '/open/x;/inner',
    '/open/x%20inner',
    '/open/x+inner'
  ]) {
    const { statuses } = await provoke(gateway, head(`GET ${path} HTTP/1.1`))
    t.strictSame(statuses, [200], path)
  }
})

t.test('a path that a framework serves as a closed route is refused', async (t) => {
  const gateway = await edge(t, {
    upstreams: `  other: 'http://127.0.0.1:1'\n`,
    routes: `
  - { name: pages, prefix: /, upstream: service }
  - { name: inner, prefix: [/open/inner, /reports.v2], upstream: service, roles: [admin] }
  - { name: staff, prefix: /staff, upstream: service, roles: [admin] }
  - { name: deep, prefix: /app.php/deep.v1, upstream: service, roles: [admin] }
  - { name: listed, prefix: [/staff.txt, /open/a.php], upstream: service, access: public }
  - { name: elsewhere, prefix: /elsewhere, upstream: other }
  - { name: about, prefix: /about, upstream: service, access: public }
  - { name: limited, prefix: /limited, upstream: service, access: public, limit: { max: 1, windowSeconds: 60 } }
`
  })
  const asked = (path: string) =>
    provoke(gateway, head(`GET ${path} HTTP/1.1`, `Authorization: Bearer ${gateway.token()}`))
  const refused = words(`
    /staff.json /staff.json/ /staff.tar.gz /STAFF.Json /staff;x.json /staff.json;x /staff%20.json /staff.j%20son
    /open/inner.xml /open/inner.xml?x /index.php/staff /index.php/staff/x /INDEX.PHP/staff /a/b.php/../staff
    /index.php/open/inner.json /index.php;x/staff /limited.json /a.cgi/staff /a.php/b.php/staff /open/a.php/inner/x
    /reports.v2.json /index.php/reports.v2.json /reports.v2.a.b.json /app.php/deep.v1.x`)
  for (const path of refused) {
    const { statuses, received } = await asked(path)
    t.strictSame([statuses, received], [[400], []], path)
  }
  const passed = words(`
    /staff.txt /staff.txt/ /staffX.json /x.json /.staff /.json /index.php /index.php/x /index.php/staffX /staffphp/staff
    /a.phpx/staff /open/x/inner.json /open/inner.json/x /open/a.php/x /elsewhere.json /about.js /a/staff.json
    /reports.v3.json /closed.json /closed.js /index.php/closed`)
  for (const path of passed) {
    const { statuses } = await asked(path)
    t.strictSame(statuses, [200], path)
  }
})

t.test('a path that would be another route at the service is refused', async (t) => {
  const gateway = await edge(t, {
    routes: `
  - { name: app, prefix: /app, stripPrefix: /app, upstream: service }
  - { name: reports, prefix: [/reports, /app/reports/own], upstream: service }
  - { name: admin, prefix: /admin, upstream: service, roles: [admin] }
  - { name: second, prefix: /second, stripPrefix: /second, upstream: service, roles: [admin] }
  - { name: assets, prefix: /_next, upstream: service, access: public }
  - { name: pages, prefix: /, upstream: service }
`
  })
  const asked = (path: string) =>
    provoke(gateway, head(`GET ${path} HTTP/1.1`, `Authorization: Bearer ${gateway.token()}`))
  const refused = words(`
    /app/admin /app/admin/ /app/admin/x /app/ADMIN /app/admin;x /app/admin.json /app/index.php/admin /app/_next/data/b/admin.json
    /_next/data/b/admin.json /_next/data/b/admin/x.json /_next/data/b/index.json /_next/data/b.json /_next/data/b/x.json
    /admin.segments/_tree.segment.rsc /admin.segments/x/y.segment.rsc /admin.a.b.c /x.wsgi/admin
    /x.dll/admin`)
  for (const path of refused) {
    const { statuses, received } = await asked(path)
    t.strictSame([statuses, received], [[400], []], path)
  }
  const passed = words(`
    /app /app/x /app/adminx /app/x/admin /app/reports /app/reports/x /app/closed /app/second /app/x.json /app/reports.json
    /reports.json /open.json /closed.js /_next/static/x.js /_next/data /x.segments/y.rsc /x/_next/data/b/x.json`)
  for (const path of passed) {
    const { statuses } = await asked(path)
    t.strictSame(statuses, [200], path)
  }
})

t.test('the forwarded path is the matched path, byte for byte', async (t) => {
  const gateway = await edge(t)
  for (const path of canonical) {
    const { statuses, received } = await provoke(gateway, head(`GET ${path} HTTP/1.1`))
    t.strictSame(statuses, [200], path)
    t.strictSame(
      received.map(({ target }) => target),
      [path]
    )
    const closed = path.replace('/open', '/closed')
    const refused = await provoke(gateway, head(`GET ${closed} HTTP/1.1`))
    t.strictSame([refused.statuses, refused.received], [[401], []], closed)
  }
})

t.test('stripping a prefix always leaves a path', async (t) => {
  const gateway = await edge(t)
  for (const [path, target] of Object.entries({
    '/auth/login': '/login',
    '/auth/login/': '/login/',
    '/auth/login?x': '/login?x',
    '/auth/login/auth/login': '/login/auth/login'
  })) {
    const { received } = await provoke(gateway, head(`GET ${path} HTTP/1.1`))
    t.strictSame(
      received.map((request) => request.target),
      [target],
      path
    )
  }
})

t.test('a request with a path of 9 kB gets 414, and one with 64 kB gets 431', async (t) => {
  const gateway = await edge(t)
  for (const [length, status] of [
    [8186, 200],
    [9000, 414],
    [15_000, 414],
    [65_536, 431],
    [1_000_000, 431]
  ] as const) {
    const { statuses, received } = await provoke(
      gateway,
      head(`GET /open/${'x'.repeat(length)} HTTP/1.1`)
    )
    t.strictSame(statuses, [status], `${length} characters`)
    t.equal(received.length, status === 200 ? 1 : 0)
  }
})
