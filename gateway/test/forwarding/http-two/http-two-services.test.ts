import { once } from 'node:events'
import { connect, constants, type ServerHttp2Stream } from 'node:http2'
import { connect as connectPlain } from 'node:net'
import { Registry } from 'prom-client'
import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { sendBytes } from '../../fixtures/raw-client.ts'
import { selfSigned } from '../../fixtures/self-signed.ts'
import { httpTwoService, textOf, toHttpTwo, withTrailers } from '../fixtures/http-two-service.ts'

const https = await selfSigned()
const service = await httpTwoService(t)
const metrics = new Registry()
const gateway = await edge(t, { metrics, ...toHttpTwo(service.url, '', ', idleSeconds: 2') })

t.test('an ordinary request of HTTP/1.1 goes to a service that speaks HTTP/2', async (t) => {
  const received: Record<string, unknown>[] = []
  service.onStream = async (stream, headers) => {
    received.push({ ...headers, body: await textOf(stream) })
    stream.respond({
      ':status': 201,
      'set-cookie': ['a=1', 'b=2'],
      'x-own': 'yes',
      'grpc-status': '0',
      server: 'hidden'
    })
    stream.end('made')
  }
  const large = 'x'.repeat(200_000)
  const answers = [
    await gateway.call('/two/a?x=1', { headers: { 'x-auth-roles': 'admin' } }),
    await gateway.call('/two', { method: 'POST', body: 'small' }),
    await gateway.call('/two', { method: 'PUT', body: large }),
    await gateway.call('/two', { method: 'HEAD' })
  ]
  t.strictSame(
    answers.map(({ status }) => status),
    [201, 201, 201, 201]
  )
  t.strictSame(await Promise.all(answers.map((one) => one.text())), ['made', 'made', 'made', ''])
  t.strictSame(answers[0]?.headers.getSetCookie(), ['a=1', 'b=2'])
  t.equal(answers[0]?.headers.get('server'), null)
  t.strictSame(
    received.map(({ body }) => String(body).length),
    [0, 5, 200_000, 0]
  )
  t.match(received[0], {
    ':path': '/two/a?x=1',
    ':authority': new URL(service.url).host,
    ':scheme': 'http',
    'x-forwarded-host': new URL(gateway.url).host
  })
  t.notOk('x-auth-roles' in (received[0] ?? {}))
  t.equal(service.made, 1, 'over one connection')
  const text = await metrics.metrics()
  t.match(text, `gateway_upstream_shared_connections{address="${service.url}"} 1`)
  t.notMatch(text, 'gateway_grpc_calls_total{', 'a gRPC field does not make a request a gRPC call')
})

t.test('204 and 304 have no content, and an early hint passes', async (t) => {
  service.onStream = (stream, headers) => {
    stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' })
    stream.respond({ ':status': Number(String(headers[':path']).slice(5)), etag: '"a"' })
    stream.end()
  }
  for (const status of [204, 304]) {
    const got = await sendBytes(
      gateway.port,
      `GET /two/${status} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`
    )
    t.match(got, /^HTTP\/1\.1 103 /)
    t.match(got, `HTTP/1.1 ${status} `)
    t.match(got, /\r\n\r\n$/)
  }
})

t.test('trailers pass both ways, except those that only the gateway may set', async (t) => {
  let received: unknown
  let announced: unknown
  service.onStream = (stream, headers) => {
    announced = headers.trailer
    const trailer = 'X-Sum, X-Auth-Subject, alt-svc, not a name,'
    stream.respond({ ':status': 200, trailer }, { waitForTrailers: true })
    stream.once('trailers', (trailers) => {
      received = Object.fromEntries(Object.entries(trailers))
    })
    stream.once('wantTrailers', () =>
      stream.sendTrailers({ 'x-sum': 'abc', 'x-auth-subject': 'evil', 'alt-svc': 'evil' })
    )
    stream.resume().once('end', () => stream.end('body'))
  }
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
  const evil = [
    'X-Auth-Subject',
    'X_Auth_Roles',
    'X-Forwarded-For',
    'Authorization',
    'Cookie',
    'Host'
  ]
  const got = await sendBytes(
    gateway.port,
    `POST /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n` +
      `Trailer: X-Mine, Host, X_Auth_Roles\r\nTrailer: Cookie,x-mine\r\n\r\n${chunk('hello')}` +
      `0\r\nX-Mine: kept\r\n${evil.map((name) => `${name}: evil\r\n`).join('')}\r\n`
  )
  t.match(got, /\r\n0\r\nx-sum: abc\r\n\r\n$/)
  t.notMatch(got, 'evil')
  t.match(got, /\r\ntrailer: x-sum\r\n/i)
  t.strictSame([received, announced], [{ 'x-mine': 'kept' }, 'x-mine'])
})

t.test('trailers follow a body that was read completely first, or is sent again', async (t) => {
  const small = await edge(t, toHttpTwo(service.url, '', ', bodyLimitBytes: 1000'))
  let received: unknown[] = []
  let refused = 0
  service.onStream = (stream) => {
    stream.once('trailers', (trailers) => received.push(Object.entries(trailers)))
    stream.resume().once('end', () => {
      refused -= 1
      if (refused >= 0) stream.close(constants.NGHTTP2_REFUSED_STREAM)
      else stream.respond({ ':status': 200 }, { endStream: true })
    })
  }
  for (const { port } of [small, gateway]) {
    for (const times of [0, 1]) {
      received = []
      refused = times
      t.match(await sendBytes(port, withTrailers('/two', ['x-sum'])), /^HTTP\/1\.1 200 /)
      t.strictSame(received, Array(times + 1).fill([['x-sum', 'abc']]))
    }
  }
  received = []
  const many = withTrailers('/two', [...Array(130).keys()].map(String))
  t.match(await sendBytes(gateway.port, many), /^HTTP\/1\.1 200 /)
  t.strictSame(received, [], 'Node.js resets a request with more than 128')
})

t.test('a response that breaks off never looks complete', async (t) => {
  const reset = (code: number) => {
    service.onStream = (stream) => {
      // Without this, Node.js would end the response before it resets the stream.
      stream.respond({ ':status': 200 }, { waitForTrailers: true })
      stream.write('a part', () => stream.close(code))
    }
  }
  const over = await edge(t, { https, ...toHttpTwo(service.url) })
  const session = connect(over.url, { rejectUnauthorized: false })
  t.teardown(() => session.destroy())
  const cases: [number, number][] = [
    [constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_INTERNAL_ERROR],
    [constants.NGHTTP2_PROTOCOL_ERROR, constants.NGHTTP2_INTERNAL_ERROR],
    [constants.NGHTTP2_CANCEL, constants.NGHTTP2_CANCEL],
    [constants.NGHTTP2_ENHANCE_YOUR_CALM, constants.NGHTTP2_ENHANCE_YOUR_CALM]
  ]
  for (const [code, passed] of cases) {
    reset(code)
    const got = await sendBytes(gateway.port, 'GET /two HTTP/1.1\r\nHost: a\r\n\r\n')
    t.notMatch(got, /0\r\n\r\n$/, `${code}`)
    const stream = session.request({ ':path': '/two' })
    stream.on('error', () => {}).resume()
    await new Promise((resolve) => stream.once('close', resolve))
    t.equal(stream.rstCode, passed, `the code ${code}`)
  }
})

t.test('an upload that breaks off never looks complete to its service', async (t) => {
  const broken = new Promise<boolean>((resolve) => {
    service.onStream = (stream) => {
      let isWhole = false
      stream.once('end', () => {
        isWhole = !stream.aborted
      })
      stream.once('data', () => socket.destroy())
      stream.once('close', () => resolve(!isWhole))
    }
  })
  const socket = connectPlain(gateway.port, '127.0.0.1')
  socket.write('POST /two HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\na part\r\n')
  t.ok(await broken)
})

t.test('a service that is late, or pauses for too long, is given up', async (t) => {
  const slow = await edge(t, {
    upstreamTimeoutMs: 100,
    ...toHttpTwo(service.url, '', ', idleSeconds: 1')
  })
  const closed = async (stream: ServerHttp2Stream) => {
    await once(stream, 'close')
    return stream.rstCode
  }
  let late: Promise<unknown> = Promise.resolve()
  service.onStream = (stream) => {
    late = closed(stream)
  }
  t.equal((await slow.call('/two')).status, 504)
  t.equal(await late, constants.NGHTTP2_CANCEL)
  service.onStream = (stream) => {
    late = closed(stream)
    stream.respond({ ':status': 200 })
    stream.write('a part')
  }
  const answer = await slow.call('/two')
  await t.rejects(answer.text(), { message: 'terminated' })
  t.equal(await late, constants.NGHTTP2_CANCEL)
})

t.test('a response with too large or too many headers for its route becomes a 502', async (t) => {
  const headers: Record<string, string> = { ':status': '200' }
  service.onStream = (stream) => stream.respond(headers, { endStream: true })
  for (let index = 0; index < 30; index += 1) headers[`x-${index}`] = 'x'.repeat(3000)
  t.equal((await gateway.call('/two')).status, 502, '90,000 bytes')
  for (let index = 0; index < 30; index += 1) headers[`x-${index}`] = 'x'.repeat(400)
  t.equal((await gateway.call('/two')).status, 200, '12,000 bytes')
})
