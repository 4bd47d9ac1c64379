import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { head, provoke } from '../fixtures/raw-request.ts'

/**
 * Methods that Node.js reads, and that no route here uses. A cache, a DAV server or a debugger
 * behind the gateway might use them.
 */
const unused = `
  TRACE PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH REPORT LINK
  UNLINK PURGE BIND REBIND ACL MERGE CHECKOUT NOTIFY SUBSCRIBE UNSUBSCRIBE M-SEARCH MKCALENDAR
`
  .trim()
  .split(/\s+/)

/** Names that Node.js does not accept as methods. */
const unknown = [
  'get',
  'Get',
  'FOO',
  'GETX',
  'G',
  'DEBUG',
  'TRACK',
  'INVOKE',
  'GET\0',
  '\x01GET',
  '__proto__',
  'constructor'
]

t.test('a request with an unsupported method gets 405 with the allowed ones', async (t) => {
  const gateway = await edge(t)
  const bearer = `Authorization: Bearer ${gateway.token()}`
  for (const method of unused) {
    for (const path of ['/open', '/closed', '/auth/login']) {
      const { statuses, received, answer } = await provoke(
        gateway,
        head(`${method} ${path} HTTP/1.1`, bearer)
      )
      t.strictSame(statuses, [405], `${method} ${path}`)
      t.match(answer, /\r\nallow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n/i, method)
      t.match(answer, '"code":"METHOD_NOT_ALLOWED"', method)
      t.strictSame(received, [], `${method} ${path}: no service sees it`)
    }
  }
})

t.test('an invalid method is refused as a malformed request', async (t) => {
  const gateway = await edge(t)
  for (const method of unknown) {
    const { statuses, received } = await provoke(gateway, head(`${method} /open HTTP/1.1`))
    t.strictSame([statuses, received], [[400], []], JSON.stringify(method))
  }
})

t.test('TRACE does not echo credentials', async (t) => {
  const gateway = await edge(t)
  const lines = ['Authorization: Bearer secret', 'Cookie: __Host-refresh=secret', 'Max-Forwards: 0']
  const { answer } = await provoke(gateway, head('TRACE /open HTTP/1.1', ...lines))
  t.notMatch(answer, /secret/)
})

t.test('CONNECT opens no tunnel', async (t) => {
  const gateway = await edge(t)
  const inside = `${head('GET /open/smuggled HTTP/1.1')}`
  const port = new URL(gateway.upstream.url).port
  for (const target of [`127.0.0.1:${port}`, 'localhost:22', '/open', '*', 'http://127.0.0.1/']) {
    const bytes = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n${inside}`
    const { statuses, received } = await provoke(gateway, bytes)
    t.strictSame([statuses, received], [[405], []], `${target}: nothing goes through`)
  }
})

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13'
const upgrades: Record<string, string> = {
  websocket: `Connection: Upgrade\r\nUpgrade: websocket\r\n${key}`,
  'websocket, in other case': `connection: upgrade, close\r\nupgrade: WebSocket\r\n${key}`,
  several: 'Connection: Upgrade\r\nUpgrade: h2c, websocket'
}
const offers: Record<string, string> = {
  h2c: 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
  'h2c without its settings named':
    'Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ',
  'TLS in HTTP': 'Connection: Upgrade\r\nUpgrade: TLS/1.0',
  'a WebSocket that Connection does not name': `Upgrade: websocket\r\n${key}`
}

t.test('an offer of another protocol is ignored, and never passed on', async (t) => {
  const gateway = await edge(t)
  const bearer = `Authorization: Bearer ${gateway.token()}`
  const answerOf = async (path: string, ...lines: string[]) => {
    const { statuses, received } = await provoke(gateway, head(`GET ${path} HTTP/1.1`, ...lines))
    return [statuses, received]
  }
  for (const [title, lines] of Object.entries(offers)) {
    t.strictSame(await answerOf('/closed', lines), [[401], []], `${title}: access is asked for`)
    for (const [path, ...more] of [['/closed', bearer], ['/open']] as const) {
      const [statuses, received] = await answerOf(path, lines, ...more)
      t.strictSame(statuses, [200], `${title} at ${path}`)
      t.notMatch(JSON.stringify(received), /upgrade|\bh2c\b|http2-settings|TLS\//i, 'the service')
    }
  }
  const offered = head('POST /open HTTP/1.1', 'Content-Length: 5', offers.h2c ?? '')
  const { statuses, received } = await provoke(gateway, `${offered}hello`)
  t.strictSame([statuses, received.length], [[200], 1], 'with a body as well')
})

t.test('an upgrade is refused before a service is touched, with a token or without', async (t) => {
  const gateway = await edge(t)
  const bearer = `Authorization: Bearer ${gateway.token()}`
  for (const [title, lines] of Object.entries(upgrades)) {
    for (const [path, ...more] of [['/closed'], ['/closed', bearer], ['/open']] as const) {
      const bytes = head(`GET ${path} HTTP/1.1`, lines, ...more)
      const { statuses, received } = await provoke(
        gateway,
        `${bytes}GET /open/smuggled HTTP/1.1\r\n`
      )
      t.strictSame([statuses, received], [[400], []], `${title} at ${path}`)
    }
  }
})

t.test('an unknown expectation is refused in the documented form', async (t) => {
  const gateway = await edge(t)
  for (const expectation of ['foo', '200-ok', '']) {
    const { statuses, received, answer } = await provoke(
      gateway,
      head('POST /open HTTP/1.1', `Expect: ${expectation}`, 'Content-Length: 0')
    )
    t.strictSame([statuses, received], [[400], []], expectation)
    t.match(answer, '"code":"INVALID_REQUEST"')
  }
})
