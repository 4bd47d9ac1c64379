import { Readable } from 'node:stream'
import t from 'tap'
import { ANSWER, answer, type Conduct, outcome, service } from '../fixtures/recorded-service.ts'

/** The connection closes when a second request arrives on it. */
const diesWhenReused: Conduct = (socket, request) => {
  if (request === 0) socket.write(answer())
  else socket.destroy()
}

const IDEMPOTENT = ['GET', 'OPTIONS', 'PUT', 'DELETE'] as const

for (const method of IDEMPOTENT) {
  t.test(`${method} on a connection that dies is sent again, on a new one`, async (t) => {
    const { ask, requests } = await service(t, diesWhenReused)
    await ask('GET')
    t.equal(await ask(method, method === 'PUT' ? Buffer.from('') : null), '200 ok')
    t.strictSame(requests, [['GET /', `${method} /`], [`${method} /`]])
  })
}

t.test('a body in memory is sent again with its request', async (t) => {
  const { ask, received } = await service(t, diesWhenReused)
  await ask('GET')
  t.equal(await ask('PUT', Buffer.from('a whole body')), '200 ok')
  t.equal(received().split('a whole body').length - 1, 2)
})

for (const [what, method, body] of [
  ['POST', 'POST', null],
  ['PATCH with a body in hand', 'PATCH', Buffer.from('body')],
  ['PUT with a body that streams', 'PUT', () => Readable.from([Buffer.from('body')])]
] as const) {
  t.test(`${what} never uses a connection that may be dead`, async (t) => {
    const { ask, requests, sockets } = await service(t, diesWhenReused)
    for (let turn = 0; turn < 3; turn += 1) {
      t.equal(await ask(method, typeof body === 'function' ? body() : body), '200 ok')
    }
    t.strictSame(
      requests.map(({ length }) => length),
      [1, 1, 1]
    )
    t.strictSame(
      sockets.map(({ readableEnded, destroyed }) => readableEnded || destroyed),
      [true, true, false],
      'each takes the place of the idle one before it'
    )
  })
}

t.test('the idle connection that a POST replaces is reset, so that its port is free', async (t) => {
  const { ask, sockets } = await service(t, (socket) => socket.write(answer()))
  await ask('GET')
  const ended = new Promise((resolve) => {
    sockets[0]?.once('error', resolve).once('end', () => resolve('a clean end'))
  })
  t.equal(await ask('POST', 'x'), '200 ok')
  t.match(await ended, { code: 'ECONNRESET' })
})

t.test('POST uses a connection that its service has promised to keep', async (t) => {
  const promise = answer('Keep-Alive: timeout=5, max=100')
  const { ask, requests, clock } = await service(t, (socket) => socket.write(promise))
  await ask('POST')
  clock.advance(2999)
  await ask('POST')
  t.equal(requests.length, 1, 'until two seconds before the promise ends')
  clock.advance(3000)
  await ask('POST')
  t.equal(requests.length, 2, 'and not after')
})

t.test('POST uses a connection that stays open according to keepAliveSeconds', async (t) => {
  const { ask, requests, clock } = await service(t, (socket) => socket.write(answer()))
  const post = () => ask('POST', null, 10)
  await post()
  clock.advance(7999)
  await post()
  t.equal(requests.length, 1, 'until two seconds before')
  clock.advance(8000)
  await post()
  t.equal(requests.length, 2, 'and not after')
})

t.test('the Keep-Alive header of the service takes precedence over keepAliveSeconds', async (t) => {
  const promise = answer('Keep-Alive: timeout=3')
  const { ask, requests, clock } = await service(t, (socket) => socket.write(promise))
  await ask('POST', null, 60)
  clock.advance(1000)
  await ask('POST', null, 60)
  t.equal(requests.length, 2)
})

t.test('POST that was not sent yet is sent on a new connection', async (t) => {
  const promise = answer('Keep-Alive: timeout=60')
  const { ask, requests, sockets } = await service(t, (socket) => socket.write(promise))
  for (const end of ['destroy', 'resetAndDestroy'] as const) {
    await ask('POST')
    const before = requests.length
    // The end of the connection has arrived, but is read only after the request was written to it.
    sockets.at(-1)?.[end]()
    t.equal(await ask('POST'), '200 ok', end)
    t.equal(requests.length, before + 1, end)
  }
})

t.test('a request whose new connection dies has failed', async (t) => {
  const { ask, requests } = await service(t, (socket, request, connection) => {
    if (connection === 0 && request === 0) socket.write(answer())
    else socket.destroy()
  })
  t.equal(await ask('GET'), '200 ok')
  t.equal(await ask('GET'), 'UND_ERR_SOCKET')
  t.strictSame(requests, [['GET /', 'GET /'], ['GET /']], 'sent exactly twice')
})

t.test('a request whose response has begun is not sent again', async (t) => {
  const { ask, requests } = await service(t, (socket, request) => {
    if (request === 0) socket.write(answer())
    else socket.end(`${ANSWER}\r\n`)
  })
  await ask('GET')
  t.equal(await ask('GET'), 'UND_ERR_SOCKET')
  t.equal(requests.length, 1)
})

t.test('simultaneous requests use separate connections, which later requests reuse', async (t) => {
  const { ask, requests } = await service(t, (socket) => socket.write(answer()))
  await Promise.all([ask('GET'), ask('POST'), ask('GET')])
  t.equal(requests.length, 3)
  await Promise.all([ask('GET'), ask('GET'), ask('GET')])
  t.equal(requests.length, 3)
})

t.test('a service that does not answer on a used connection is too slow', async (t) => {
  const { lines, origin, ask } = await service(t, (socket, request) => {
    if (request === 0) socket.write(answer())
  })
  await ask('GET')
  const options = { origin, path: '/', method: 'GET', headersTimeout: 1 } as const
  const known = { protocol: 'http/1.1', keepAliveSeconds: 0, tls: null } as const
  t.equal(await outcome(lines, options, known), 'UND_ERR_HEADERS_TIMEOUT')
})
