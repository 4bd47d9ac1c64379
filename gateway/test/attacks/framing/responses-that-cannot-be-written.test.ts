import { once } from 'node:events'
import { connect as connectHttpTwo } from 'node:http2'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { selfSigned } from '../../fixtures/self-signed.ts'
import { refusal, sockets } from '../../websocket/fixtures/sockets.ts'

const https = await selfSigned()

/**
 * A gateway over TLS, in front of a service that answers every request with exactly these bytes.
 */
async function answering(t: Test, bytes: string) {
  const gateway = await edge(t, { https, allowedOrigins: ['https://app.example'] })
  gateway.upstream.answer = (request) => answerWith(request.socket, bytes)
  const session = connectHttpTwo(gateway.url, { rejectUnauthorized: false })
  t.teardown(() => session.destroy())
  const ask = async () => {
    const stream = session.request({ ':path': '/open' })
    let trailers: Record<string, unknown> = {}
    stream.on('trailers', (received) => {
      trailers = received
    })
    const [headers] = await once(stream, 'response')
    let body = ''
    for await (const chunk of stream.setEncoding('utf8')) body += chunk
    return { status: headers[':status'], headers, body, trailers }
  }
  return { gateway, ask }
}

const answerWith = (socket: Socket, bytes: string) => socket.end(Buffer.from(bytes, 'latin1'))

const chunked = (trailers: string) =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n\r\n`

/**
 * RFC 9113 §8.2.2 forbids the first seven over HTTP/2. For these, Node.js throws in a callback of
 * its own.
 */
const trailers = [
  'keep-alive: timeout=5',
  'connection: close',
  'upgrade: h2c',
  'proxy-connection: close',
  'http2-settings: AAMAAABk',
  'transfer-encoding: chunked',
  'te: gzip',
  'x-auth-subject: evil',
  'set-cookie: a=1',
  'x-odd: caf\xe9',
  'etag: "a"\r\netag: "b"'
]

t.test('a forbidden trailer is dropped, and its response is complete', async (t) => {
  for (const trailer of trailers) {
    const { ask } = await answering(t, chunked(`${trailer}\r\nx-checksum: abc`))
    const answer = await ask()
    t.match(answer, { status: 200, body: 'ok' }, trailer)
    t.equal(
      answer.trailers['x-checksum'],
      'abc',
      `and the headers beside it are forwarded: ${trailer}`
    )
    t.notMatch(Object.keys(answer.trailers).join(), /connection|keep|upgrade|settings|auth|cookie/)
  }
})

t.test('1,001 header lines of a response become 502, and 1,001 trailers are dropped', async (t) => {
  const lines = (count: number) => Array.from({ length: count }, (_, at) => `x${at}:`).join('\r\n')
  const withLines = (fields: string) =>
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${fields}\r\n\r\nok`
  const cookies = 'set-cookie: a=1\r\n'.repeat(1001).trimEnd()
  for (const [fields, status] of [
    [lines(100), 200],
    [lines(1001), 502],
    [cookies, 502]
  ] as const) {
    const { ask } = await answering(t, withLines(fields))
    t.match(await ask(), { status })
  }
  const { ask } = await answering(t, chunked(lines(1001)))
  t.match(await ask(), { status: 200, body: 'ok', trailers: {} })
})

t.test('a status outside 100 to 599 gets 502', async (t) => {
  for (const status of ['600', '777', '999']) {
    const { gateway, ask } = await answering(
      t,
      `HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`
    )
    const answer = await ask()
    t.match(answer, { status: 502, body: /UPSTREAM_UNAVAILABLE/ }, status)
    gateway.upstream.answer = (_request, response) => response.end('well')
    t.match(
      await ask(),
      { status: 200, body: 'well' },
      `and the next one is served after ${status}`
    )
  }
})

t.test('an upgrade whose response has a status outside 100 to 599 gets 502', async (t) => {
  const { gateway, open } = await sockets(t)
  gateway.upstream.server.removeAllListeners('upgrade')
  for (const status of ['600', '999']) {
    gateway.upstream.server.once('upgrade', (_request, socket: Socket) =>
      answerWith(socket, `HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`)
    )
    const { status: answered, body } = await refusal(open('/live'))
    t.equal(answered, 502, status)
    t.equal(JSON.parse(body).code, 'UPSTREAM_UNAVAILABLE', status)
  }
  t.equal((await gateway.call('/closed')).status, 200, 'the gateway continues')
})

t.test('the first of duplicate single-value headers is passed on', async (t) => {
  const lines = [
    'content-type: a/b',
    'age: 1',
    'etag: "a"',
    'last-modified: x',
    'location: /a',
    // Request headers, which a service may send nevertheless.
    'referer: a',
    'host: a',
    'from: a',
    'authorization: a',
    'range: a',
    'if-match: "a"',
    'user-agent: a',
    'max-forwards: 1',
    'dnt: 1',
    'access-control-request-method: GET'
  ]
  for (const line of lines) {
    const [name = '', value] = line.split(': ')
    const twice = `${line}\r\n${name}: other`
    const bytes = `HTTP/1.1 200 OK\r\n${twice}\r\nx-many: 1\r\nx-many: 2\r\nContent-Length: 2\r\n\r\nok`
    const { ask } = await answering(t, bytes)
    const answer = await ask()
    t.match(answer, { status: 200, body: 'ok' }, line)
    t.equal(answer.headers[name], value, line)
    t.equal(answer.headers['x-many'], '1, 2', 'all other headers are forwarded')
  }
})

t.test('a hint that cannot be written is dropped, and the response arrives', async (t) => {
  // Node.js reads each parameter of the last one in two ways: 30 parameters take minutes, 60 take
  // years.
  const ambiguous = `</a>${';a=a'.repeat(30)};"`
  const links = ['</a>; rel=preload, </b>; rel=preload', 'nonsense', '<a', '</a>; x="', ambiguous]
  for (const link of links) {
    const early = `HTTP/1.1 103 Early Hints\r\nlink: ${link}\r\n\r\n`
    const bytes = `${early}HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok`
    const { ask } = await answering(t, bytes)
    t.match(await ask(), { status: 201, body: 'ok' }, link)
  }
})
