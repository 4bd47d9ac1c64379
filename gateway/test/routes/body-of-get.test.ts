import t from 'tap'
import { routedEdge } from './fixtures/routed-edge.ts'

const routes = `
  - { name: search, prefix: /search, upstream: service, bodyOnGet: true, bodyLimitBytes: 65536 }
  - { name: index, prefix: /index, upstream: service, access: public, bodyOnGet: true, bodyLimitBytes: 200000 }
`
const { send, bearer } = await routedEdge(t, { routes })

t.test('a GET may have a body if its route says so', async (t) => {
  const body = '{"query":{}}'
  const large = `{"a":"${'x'.repeat(150_000)}"}`
  const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
  for (const [path, text] of [
    ['/search', body],
    ['/index', body],
    ['/index', large]
  ] as const) {
    for (const [framing, bytes] of [
      [`Content-Length: ${text.length}`, text],
      ['Transfer-Encoding: chunked', chunked(text)]
    ] as const) {
      const lines = [bearer(), framing, 'Content-Type: application/json']
      const { statuses, received } = await send(`GET ${path}/_search?q HTTP/1.1`, lines, bytes)
      t.strictSame(statuses, [200], `${path} ${framing.slice(0, 20)}`)
      t.match(received, [{ method: 'GET', target: `${path}/_search?q`, body: text }])
      t.equal(received[0]?.headers.connection, 'close', 'nothing follows on that connection')
    }
  }
  for (const path of ['/search', '/index']) {
    const waiting = await send(
      `GET ${path} HTTP/1.1`,
      [bearer(), 'Expect: 100-continue', `Content-Length: ${body.length}`],
      body
    )
    t.strictSame(waiting.statuses, [100, 200], `${path}: the client is asked for the body`)
    t.match(waiting.received, [{ body }])
    const { statuses, received } = await send(`GET ${path} HTTP/1.1`, [bearer()])
    t.strictSame(statuses, [200], `${path} without a body`)
    t.notMatch(String(received[0]?.rawHeaders), /content-length|transfer-encoding/i)
  }
})

t.test('the body of a GET is limited and framed like any other', async (t) => {
  const hidden = 'GET /open/hidden HTTP/1.1\r\nHost: gateway.example\r\n\r\n'
  const refused: [line: string, lines: string[], status: number][] = [
    ['GET /search', [bearer(), `Content-Length: 70000`], 413],
    ['GET /search', [`Content-Length: ${hidden.length}`], 401],
    ['GET /open', [`Content-Length: ${hidden.length}`], 400],
    ['GET /open', ['Transfer-Encoding: chunked'], 400],
    ['HEAD /index', [`Content-Length: ${hidden.length}`], 400],
    ['GET /index', [`Content-Length: ${hidden.length}`, 'Transfer-Encoding: chunked'], 400],
    ['GET /index', ['Content-Length: 1', 'Content-Length: 2'], 400],
    ['GET /index', ['Transfer-Encoding: chunked, identity'], 400]
  ]
  for (const [line, lines, status] of refused) {
    const { statuses, received } = await send(`${line} HTTP/1.1`, lines, hidden)
    t.equal(statuses[0], status, `${line} ${lines.at(-1)}`)
    t.strictSame(received, [], `${line} ${lines.at(-1)}`)
  }
  const whole = await send('GET /index HTTP/1.1', [`Content-Length: ${hidden.length}`], hidden)
  t.strictSame(whole.statuses, [200])
  t.match(whole.received, [{ body: hidden }], 'what looks like a request is a body')
})

t.test('a body of GET in chunks is counted as it comes', async (t) => {
  const tooLong = `${(300_000).toString(16)}\r\n${'x'.repeat(300_000)}\r\n0\r\n\r\n`
  const over = await send('GET /index HTTP/1.1', ['Transfer-Encoding: chunked'], tooLong)
  t.equal(over.statuses[0], 413, 'chunks are counted')
})
