import t from 'tap'
import { edge } from '../fixtures/edge.ts'
import { head, provoke } from './fixtures/raw-request.ts'

// Oathkeeper GHSA-p224-6x5r-fjpm: what one program decides about is not what the next one serves,
// as soon as the two read one path in two ways. Such a path is refused, not repaired.

const words = (text: string) => text.trim().split(/\s+/)

/** Each would be /closed to one reader or another, or is no path at all; none has a token. */
const ambiguous = [
  ...words(String.raw`
    /open/../closed /open/./../closed /open/x/../../closed /./closed /open/.. /open/. /.. /. /open/... /open/..x /open/x.. /open/x../y
    /open/%2e%2e/closed /open/%2E%2E/closed /open/.%2e/closed /open/%2e./closed /%2e/closed
    /open/..%2fclosed /open/..%2Fclosed /open%2f..%2fclosed /open/%2e%2e%2fclosed /open%2Fx %2fopen
    /open/..;/closed /open/..;x=1/closed /open/.;/closed /open/%2e%2e;/closed /open/..;
    /open/..\closed /open\..\closed \closed /open/..%5cclosed /open/%5C..%5Cclosed /open\x
    //closed /open//closed /open// //open/../closed /// //evil.example/open /open///x
    /open/%00 /open%00/../closed /open/x%00.txt /open/%0d%0aHost:%20evil /open/%0a /open/%1f /open/%7f
    /open/%252e%252e/closed /open/%252fclosed /open/%25%32%65 /open/%2525 /open/%255cclosed
    /open/%c0%ae%c0%ae/closed /open/%c0%afclosed /open/%e0%80%ae /open/%ff /open/%f8%80%80%80%ae /open/%ed%a0%80
    /open/%e2%80%a5/closed /open/%EF%BC%8E%EF%BC%8E/closed /open/%e2%80%a6/x /open%EF%BC%8Fclosed /open%ef%bc%8f /open/%EF%BC%BC../closed
    /open/%3f /open/x%3Fy /open%3fx /closed%3f/open /open/%23 /open/x%23y /open/100%25 /open/%25u002e /open/%25%20 /open/x%3by /open/.%3b/x
    /open/%EF%BC%9F /open/%EF%BC%83 /open/%CD%BE /open/%EF%B9%96 /open/%EF%B9%9F
    /open/%EF%BC%85%32%65/closed /open/%EF%BC%9B/closed /open/%20./closed /open/.%20/closed
    /open/%u002e%u002e/closed /open/% /open/%2 /open/%zz /open/%%32e /open/100%
    /op%65n /%6fpen /%63losed /open/%41 /open/%2d /open/%30 /open/%5f
    /open/"x" /open/<x> /open/{x} /open/x^y /open#/../closed /open?# /open?a#b
    * open closed ? . .. ../closed http:/closed http:// javascript:alert(1) gateway.example:443
    http://evil.example/open http://gateway.example@evil.example/open http:///open`),
  '/open/`x`',
  '/open/%2 e',
  '/open/x y',
  '/open/\ty',
  '/open/\xe9',
  '/open?\xe9',
  '/\xc0\xae\xc0\xae/closed'
]

/** Paths of nobody, however near they are to somebody's. */
const nobodys = words(`
  /openX /open;x /open;/closed /open.json /open, /open= /open~ /open-closed /open:80 /open@x /close /closedX
  /OPEN /Open /oPen/x /CLOSED /Closed /AUTH/login /auth/Login /open%20 /%20open  /open%C2%A0
  /%ef%bd%8fpen / /x /ope /o /auth /auth/ /auth/loginx /auth/login;x /login /x/open /x/closed /closed;jsessionid=1
  /metrics /healthz /readyz /.well-known/gateway-jwks.json /__proto__ /constructor /?/open /?x=/../open`)

/**
 * What is canonical goes on exactly as it is; the service may make of it what it likes, but it is
 * of that route.
 */
const canonical = words(`
  /open /open/ /open/x /open/x/ /open?/../closed /open?x=%2e%2e%2f&y=%00&z=% /open?a[]=1|2 /open?a={"b":1}
  /open/a%20b /open/%E2%82%AC /open/%e2%82%ac /open/%F0%9F%9A%80 /open/x%26y /open/%22x%22 /open/a+b
  /open/x;y=1 /open/;/x /open/.x /open/x. /open/x..y /open/!$&'()*+,;=:@ /open/[slug]/a|b /open/%5Bx%5D%7C /open/~x /open/%7ex /open/closed /open/open /open/-_~
  /open?http://evil/`)

t.test('there are enough hostile paths', (t) => {
  t.ok(new Set([...ambiguous, ...nobodys, ...canonical]).size >= 170)
  t.ok(new Set(ambiguous).size >= 100)
  t.end()
})

t.test('a path that could be read in two ways is 400', async (t) => {
  const gateway = await edge(t)
  for (const path of ambiguous) {
    const { statuses, received, answer } = await provoke(gateway, head(`GET ${path} HTTP/1.1`))
    t.strictSame(statuses, [400], path)
    t.match(answer, '"code":"INVALID_REQUEST"', `${path}: in the documented form`)
    t.strictSame(received, [], `${path}: no service sees it`)
  }
})

t.test('a hostile path is refused with a token too', async (t) => {
  const gateway = await edge(t)
  for (const path of ambiguous) {
    const bytes = head(`GET ${path} HTTP/1.1`, `Authorization: Bearer ${gateway.token()}`)
    const { statuses, received } = await provoke(gateway, bytes)
    t.strictSame([statuses, received], [[400], []], path)
  }
})

t.test('a prefix ends where a segment ends, and its case counts', async (t) => {
  const gateway = await edge(t)
  for (const path of nobodys) {
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

t.test('a path of 9 kB is 414, and one of 64 kB is 431', async (t) => {
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
