import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import t from 'tap'
import { edge } from './fixtures/edge.ts'
import { sendBytes } from './fixtures/raw-client.ts'

const MEBIBYTE = 1024 * 1024
const digest = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

t.test('method, query, body and response pass unchanged', async (t) => {
  const gateway = await edge(t)
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(418, { 'content-type': 'text/x-tea', 'x-own': 'yes' }).end('short and stout')
  }
  const answer = await gateway.call('/closed/a%20b?x=1&y=%2F&y=2', {
    method: 'PATCH',
    body: '{"a":1}',
    headers: { 'content-type': 'application/merge-patch+json' }
  })
  const [received] = gateway.upstream.received
  t.match(received, { method: 'PATCH', target: '/closed/a%20b?x=1&y=%2F&y=2', body: '{"a":1}' })
  t.equal(received?.headers['content-type'], 'application/merge-patch+json')
  t.equal(answer.status, 418)
  t.equal(answer.headers.get('x-own'), 'yes')
  t.equal(await answer.text(), 'short and stout')
})

t.test('a content type passes unchanged, even if it is not a media type', async (t) => {
  const routes = `
  - { name: small, prefix: /small, upstream: service, access: public, bodyLimitBytes: 16384 }
`
  const gateway = await edge(t, { routes })
  const types = [
    'x',
    '',
    'text',
    'text/',
    '/x',
    'a b/c',
    'text/plain; charset',
    ';',
    '*/*',
    'a/b, c/d'
  ]
  for (const path of ['/open', '/small']) {
    for (const type of types) {
      for (const body of ['', 'body']) {
        const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: ${type}\r\n`
        const answer = await sendBytes(
          gateway.port,
          `${head}Content-Length: ${body.length}\r\n\r\n${body}`
        )
        t.match(answer, /^HTTP\/1\.1 200 /, `${path} ${JSON.stringify(type)}`)
        const received = gateway.upstream.received.at(-1)
        t.equal(received?.headers['content-type'], type)
        t.equal(received?.body, body)
      }
    }
  }
})

t.test('a prefix is stripped if the route says so', async (t) => {
  const gateway = await edge(t)
  await fetch(`${gateway.url}/auth/login?x=1`, { method: 'POST' })
  t.equal(gateway.upstream.received[0]?.target, '/login?x=1')
})

t.test('a 204 and a 304 have no body', async (t) => {
  const gateway = await edge(t)
  for (const status of [204, 304]) {
    gateway.upstream.answer = (_request, response) =>
      response.writeHead(status, { etag: '"1"' }).end()
    const answer = await gateway.call('/closed')
    t.equal(answer.status, status)
    t.equal(await answer.text(), '')
  }
  gateway.upstream.answer = (_request, response) =>
    response.writeHead(200, { 'content-length': '11' }).end()
  const head = await gateway.call('/closed', { method: 'HEAD' })
  t.equal(head.headers.get('content-length'), '11', 'HEAD says the length')
  t.equal(await head.text(), '')
})

t.test('large bodies stream both ways, whole', async (t) => {
  const routes = `
  - { name: large, prefix: /large, upstream: service, access: public, bodyLimitBytes: 20971520 }
`
  const gateway = await edge(t, { routes })
  const bytes = Buffer.alloc(10 * MEBIBYTE, 'abcdefghij')
  gateway.upstream.answer = (_request, response) => response.end(bytes)

  for (const body of [bytes, Readable.toWeb(Readable.from([bytes])) as ReadableStream]) {
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    const answer = await fetch(`${gateway.url}/large`, init)
    t.equal(digest(Buffer.from(await answer.arrayBuffer())), digest(bytes), 'down')
    const received = gateway.upstream.received.at(-1)?.body ?? ''
    t.equal(digest(Buffer.from(received, 'latin1')), digest(bytes), 'up')
  }
})

t.test('a body over the limit of its route is refused, and the connection continues', async (t) => {
  const routes = `
  - { name: small, prefix: /small, upstream: service, access: public, bodyLimitBytes: 10 }
`
  const gateway = await edge(t, { routes })
  const post = (body: RequestInit['body']) =>
    fetch(`${gateway.url}/small`, {
      method: 'POST',
      body: body ?? null,
      duplex: 'half'
    } as RequestInit)
  const chunks = () => Readable.toWeb(Readable.from(['12345', '678901', '234'])) as ReadableStream

  t.equal((await post('1234567890')).status, 200, 'just as much')
  t.equal((await post('12345678901')).status, 413, 'one byte more')
  t.equal((await post(chunks())).status, 413, 'in chunks')
  t.equal((await post('1234567890')).status, 200, 'and the next one')
  t.notOk(gateway.upstream.received.some(({ body }) => body.length > 10))
})

t.test(
  'failing and slow services have different errors, and requests are not repeated',
  async (t) => {
    const gateway = await edge(t, { upstreamTimeoutMs: 1000 })
    gateway.upstream.answer = (_request, response) =>
      response.writeHead(503, { 'retry-after': '1' }).end('later')
    const busy = await gateway.call('/closed')
    t.equal(busy.status, 503, 'its own 503 is passed on')
    t.equal(await busy.text(), 'later')
    t.equal(gateway.upstream.received.length, 1, 'and it is asked once')

    gateway.upstream.answer = (request) => request.socket.destroy()
    const reset = await gateway.call('/closed')
    t.strictSame([reset.status], faults.serviceBreaks.statuses)
    t.match(await reset.json(), { code: 'UPSTREAM_UNAVAILABLE', retryable: true })
    t.equal(gateway.upstream.received.length, 3, 'once more, on a connection of its own')

    gateway.upstream.answer = (request) => request.socket.end('HTTP/9.9 what\r\n\r\n')
    const lying = await gateway.call('/closed')
    t.strictSame([lying.status], faults.serviceBreaks.statuses, 'bytes that are not HTTP')

    gateway.upstream.answer = () => {}
    const slow = await gateway.call('/closed')
    t.strictSame([slow.status], faults.serviceHangs.statuses)
    t.match(await slow.json(), { code: 'UPSTREAM_TIMEOUT', retryable: true })

    gateway.upstream.answer = (_request, response) => response.end('well')
    const call = async () => (await gateway.call('/closed')).status
    const isServed = (status: number) => status === 200
    const later = [
      await endsInTime(t, faults.serviceHangs, call, isServed),
      await endsInTime(t, faults.serviceBreaks, call, isServed)
    ]
    const lost = later.map((status) => (isServed(status) ? 0 : 1))
    t.strictSame(lost, [faults.serviceHangs.lost, faults.serviceBreaks.lost])
  }
)

t.test('a response that breaks in the middle does not look complete', async (t) => {
  const gateway = await edge(t)
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('the first half')
    setImmediate(() => response.destroy())
  }
  const answer = await gateway.call('/closed')
  await t.rejects(answer.text(), 'the client can tell')
})

t.test('a client that disconnects ends its request to the service', async (t) => {
  const gateway = await edge(t)
  const gone = new Promise<void>((resolve) => {
    gateway.upstream.answer = (_request, response) => {
      response.write('some of it')
      response.once('close', resolve)
    }
  })
  const socket = connect({ port: gateway.port, host: '127.0.0.1' })
  socket.write('GET /open HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(socket, 'data')
  socket.destroy()
  await gone
  t.equal(gateway.upstream.received.length, 1, 'the service was told')
})

t.test('a redirect of a service is passed on as it is', async (t) => {
  const gateway = await edge(t)
  gateway.upstream.answer = (_request, response) =>
    response.writeHead(303, { location: '/closed/there?x=1' }).end()
  const answer = await gateway.call('/closed/here')
  t.equal(answer.status, 303)
  t.equal(answer.headers.get('location'), '/closed/there?x=1')
})
