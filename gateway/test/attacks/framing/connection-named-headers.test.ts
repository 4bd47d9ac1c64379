import t, { type Test } from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { adaHeaders } from '../../fixtures/stamped.ts'
import type { Received } from '../../fixtures/upstream.ts'
import { head, provoke, valuesOf } from '../fixtures/raw-request.ts'

// The headers that `Connection` names are for the next hop only (RFC 9110 §7.6.1). If a proxy
// applies this to headers that it has added itself, a client can remove them: reply-from before
// 12.6.2, Traefik CVE-2024-45410.

const expected = {
  ...adaHeaders,
  'x-auth-expires': '1800000300',
  'x-auth-assertion': /^ey[\w-]+\.[\w-]+\.[\w-]{86}$/,
  'x-request-id': /^[\w-]{36}$/,
  traceparent: /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/,
  'x-forwarded-for': '127.0.0.1',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': 'gateway.example',
  'x-forwarded-port': '80',
  host: /^127\.0\.0\.1:\d+$/
}
const everyName = Object.keys(expected)

const attacks: string[][] = [
  ...everyName.map((name) => [`Connection: ${name}`]),
  ...everyName.map((name) => [`Connection: close, ${name.toUpperCase()}`]),
  ['Connection: close, x-auth-scope'],
  ['Connection: keep-alive, host'],
  ['Connection: authorization'],
  ['Connection: close,authorization,cookie'],
  ['Connection: content-length, content-type, transfer-encoding'],
  ['Connection: x_auth_subject, x.auth.subject'],
  ['Connection: x-auth-*, *, x-auth-'],
  ['Connection: "x-auth-subject"'],
  ['Connection: ,,, \tx-auth-subject\t ,,'],
  ['Connection: close', 'Connection: x-auth-subject', 'connection: x-auth-roles'],
  [`Connection: close, ${everyName.join(', ')}`],
  [`Connection: ${everyName.join(' ')}`],
  ['Connection: __proto__, constructor'],
  ['Proxy-Connection: x-auth-subject'],
  ['Keep-Alive: x-auth-subject', 'TE: x-auth-subject', 'Trailer: x-auth-subject'],
  [`Connection: ${'x-auth-subject, '.repeat(500)}close`]
]

const checkWhole = (t: Test, request: Received | undefined, title: string) => {
  if (request === undefined) throw new Error(`${title}: nothing was forwarded`)
  t.match(request.headers, expected, title)
  for (const name of everyName) t.equal(valuesOf(request, name).length, 1, `${title}: one ${name}`)
}

t.test('no name in Connection removes a header of the gateway', async (t) => {
  const gateway = await edge(t)
  const authorization = `Authorization: Bearer ${gateway.token()}`
  for (const lines of attacks) {
    const title = lines.join(' + ').slice(0, 80)
    const bytes = head('GET /closed HTTP/1.1', ...lines, authorization)
    const { statuses, received } = await provoke(gateway, bytes)
    t.strictSame(statuses, [200], title)
    checkWhole(t, received[0], title)
    t.notMatch(received[0]?.rawHeaders.join('\n'), /Bearer/, `${title}: no credential is forwarded`)
  }
})

t.test('no name in Connection changes where a body ends', async (t) => {
  const gateway = await edge(t)
  const lines = [
    'Connection: content-length, content-type',
    'Content-Type: text/plain',
    'Content-Length: 5',
    `Authorization: Bearer ${gateway.token()}`
  ]
  const { received } = await provoke(gateway, `${head('POST /closed HTTP/1.1', ...lines)}hello`)
  t.match(received, [{ body: 'hello', headers: { 'content-type': 'text/plain' } }])
})

t.test('headers for this hop are not forwarded', async (t) => {
  const gateway = await edge(t)
  const lines = [
    'Connection: close, X-Own',
    'x-own: mine',
    'Keep-Alive: timeout=5',
    'x-other: stays'
  ]
  const { received } = await provoke(gateway, head('GET /open HTTP/1.1', ...lines))
  const [request] = received
  t.notOk('x-own' in (request?.headers ?? {}), 'the named header')
  t.notOk('keep-alive' in (request?.headers ?? {}), 'the known ones')
  t.equal(request?.headers['x-other'], 'stays')
})
