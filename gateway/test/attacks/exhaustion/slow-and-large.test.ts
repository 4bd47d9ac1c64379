import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect as connectHttpTwo } from 'node:http2'
import { connect } from 'node:net'
import t from 'tap'
import { type Edge, edge } from '../../fixtures/edge.ts'
import { selfSigned } from '../../fixtures/self-signed.ts'
import { head, provoke } from '../fixtures/raw-request.ts'

/** Asserts that other clients are served during an attack. */
async function areServed(t: Parameters<typeof edge>[0], gateway: Edge, title: string) {
  const answers = await Promise.all(Array.from({ length: 10 }, () => gateway.call('/closed')))
  t.strictSame(
    [...new Set(answers.map(({ status }) => status))],
    [200],
    `${title}: others are served`
  )
}

const lines = (count: number, value: string) =>
  Array.from({ length: count }, (_, index) => `x-${index}: ${value}`)

/** Header sections that are far larger than those of real clients. */
const floods: Record<string, string[]> = {
  '101 lines': lines(101, 'y'),
  '1,500 lines': lines(1500, ''),
  '10,000 lines': lines(10_000, 'y'),
  '10,000 times one line': Array(10_000).fill('a:b'),
  'a name of 20 kB': [`${'x'.repeat(20_000)}: y`],
  'a value of 20 kB': [`x: ${'y'.repeat(20_000)}`],
  '1 MB in one line': [`x: ${'y'.repeat(1_000_000)}`],
  '1 MB in many lines': lines(1000, 'y'.repeat(1000)),
  'a token of 1 MB': [`Authorization: Bearer ${'y'.repeat(1_000_000)}`],
  'cookies of 1 MB': [`Cookie: ${'a=b; '.repeat(200_000)}`]
}

t.test('header floods get 431, and do not affect others', async (t) => {
  const gateway = await edge(t)
  for (const [title, flood] of Object.entries(floods)) {
    const before = gateway.upstream.received.length
    for (const path of ['/open', '/closed']) {
      const bytes = head(`GET ${path} HTTP/1.1`, ...flood)
      const { statuses, answer } = await provoke(gateway, bytes)
      // While many bytes are still on their way, the connection may be reset before the response is
      // read.
      const isWhole = answer !== '' || bytes.length < 64 * 1024
      if (isWhole) t.strictSame(statuses, [431], `${title} at ${path}`)
    }
    t.equal(gateway.upstream.received.length, before, `${title}: no service sees it`)
    await areServed(t, gateway, title)
  }
})

t.test('a header after too many others is not overlooked (CVE-2026-58044)', async (t) => {
  const gateway = await edge(t)
  const hidden = `Authorization: Bearer ${gateway.token()}`
  for (const count of [97, 98, 200, 1500, 1999]) {
    const filler = Array(count).fill('a:')
    const { statuses, received } = await provoke(
      gateway,
      head('GET /closed HTTP/1.1', ...filler, hidden)
    )
    t.strictSame(statuses, [count === 97 ? 200 : 431], `${count} lines before it`)
    t.equal(received.length, count === 97 ? 1 : 0)
    const length = head('POST /open HTTP/1.1', ...filler, 'Content-Length: 57')
    const other = await provoke(
      gateway,
      `${length}GET /open/smuggled HTTP/1.1\r\nHost: gateway.example\r\nX-Pad: yyy\r\n\r\n`
    )
    t.notOk(other.received.some(({ target }) => target === '/open/smuggled'))
  }
})

t.test('a thousand unfinished requests do not affect other clients', async (t) => {
  const gateway = await edge(t)
  const beginnings = [
    '',
    'G',
    'GET /open HTTP/1.1\r\n',
    'GET /open HTTP/1.1\r\nHost: a\r\nX: ',
    'POST /closed HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n'
  ]
  const sockets = await Promise.all(
    Array.from({ length: 1000 }, async (_, index) => {
      const socket = connect({ port: gateway.port, host: '127.0.0.1' })
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write(beginnings[index % beginnings.length] ?? '')
      return socket
    })
  )
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  await areServed(t, gateway, 'a thousand')
  t.equal(gateway.upstream.received.length, 10, 'none of them has reached a service')
})

t.test('a body that never ends is cut at the limit of its route', async (t) => {
  const gateway = await edge(t)
  const socket = connect({ port: gateway.port, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.on('error', () => {})
  socket.write(head('POST /open HTTP/1.1', 'Transfer-Encoding: chunked'))
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
  let sent = 0
  while (answer === '' && !socket.destroyed) {
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
    else await new Promise((resolve) => setImmediate(resolve))
    sent += chunk.length
  }
  t.match(answer, /^HTTP\/1\.1 413 /)
  t.match(answer, '"code":"INVALID_REQUEST"')
  t.ok(sent > 1024 * 1024, 'not before it')
  await areServed(t, gateway, 'a body without an end')
})

t.test('small bodies that never arrive use no capacity of their service', async (t) => {
  const routes = `
  - { name: small, prefix: /small, upstream: service, access: public, bodyLimitBytes: 16384 }
`
  const gateway = await edge(t, { routes, upstreamConnections: 4 })
  for (const framing of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
    const sockets = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = connect({ port: gateway.port, host: '127.0.0.1' })
        await once(socket, 'connect')
        socket.write(`POST /small HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n5\r\n12345\r\n`)
        return socket
      })
    )
    t.teardown(() => {
      for (const socket of sockets) socket.destroy()
    })
    const before = gateway.upstream.received.length
    for (let index = 0; index < 10; index++) {
      t.equal(
        (await gateway.call('/small', { method: 'POST', body: 'whole' })).status,
        200,
        framing
      )
    }
    t.equal(gateway.upstream.received.length - before, 10, 'only whole ones reach it')
  }
})

/** Resolves when the connection of a request that has reached the service is closed. */
const isGone = async (arrived: Promise<IncomingMessage[]>): Promise<void> => {
  const [request] = await arrived
  await new Promise<void>((resolve) => request?.socket.once('close', () => resolve()))
}

t.test('an upload that stalls gives its place at the service back', async (t) => {
  const gateway = await edge(t, { requestMs: 1000, upstreamConnections: 1 })
  const arrived = once(gateway.upstream.server, 'request')
  const socket = connect({ port: gateway.port, host: '127.0.0.1' }).on('error', () => {})
  t.teardown(() => socket.destroy())
  socket.write('POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf')
  await isGone(arrived)
  t.equal((await gateway.call('/open')).status, 200)
})

t.test('a slow upload over HTTP/2 gives its place back', async (t) => {
  const https = await selfSigned()
  const gateway = await edge(t, { requestMs: 1000, upstreamConnections: 1, https })
  const session = connectHttpTwo(gateway.url, { rejectUnauthorized: false })
  t.teardown(() => session.destroy())
  const arrived = once(gateway.upstream.server, 'request')
  const upload = session.request({ ':method': 'POST', ':path': '/open' }).on('error', () => {})
  upload.write('half')
  const drip = setInterval(() => upload.write('x'), 100)
  t.teardown(() => clearInterval(drip))
  await Promise.all([isGone(arrived), once(upload, 'close')])
  clearInterval(drip)
  const [headers] = await once(session.request({ ':path': '/open' }).resume(), 'response')
  t.equal(headers[':status'], 200, 'and the connection continues')
})

t.test('a request gets 503 at once if all connections of its service are in use', async (t) => {
  const gateway = await edge(t, { upstreamConnections: 2 })
  const waiting: (() => void)[] = []
  gateway.upstream.answer = (_request, response) => {
    waiting.push(() => response.end('late'))
  }
  const held = [gateway.call('/closed'), gateway.call('/open')]
  while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve))

  const refused = await gateway.call('/open')
  t.equal(refused.status, 503)
  t.equal(refused.headers.get('retry-after'), '1')
  t.equal(((await refused.json()) as { code: string }).code, 'UNAVAILABLE')

  for (const answer of waiting) answer()
  t.strictSame(
    (await Promise.all(held)).map(({ status }) => status),
    [200, 200]
  )
  gateway.upstream.answer = (_request, response) => response.end()
  t.equal((await gateway.call('/open')).status, 200, 'and there is room again')
})
