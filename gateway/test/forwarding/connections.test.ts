import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { type TestClock, testClock } from '@gatehouse/fixtures/clock'
import t, { type Test } from 'tap'
import { buildConnector, type Dispatcher } from 'undici'
import { type Connect, connection } from '../../src/forwarding/connection.ts'
import { type Connections, connections, type GiveUp } from '../../src/forwarding/connections.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'
const answer = (...lines: string[]) => `${[ANSWER.trimEnd(), ...lines].join('\r\n')}\r\n\r\nok`

/** of a service: neither how long it keeps connections, nor how to verify it */
const NOTHING_KNOWN = { keepAliveSeconds: 0, tls: null }

/** What a service does with the n-th piece that comes on a connection, both counted from 0. */
type Conduct = (socket: Socket, request: number, connection: number) => void

type Service = {
  readonly sockets: readonly Socket[]
  /** the first lines of the requests, by connection */
  readonly requests: readonly string[][]
  /** all that came */
  received(): string
  ask(
    method: Dispatcher.HttpMethod,
    body?: Dispatcher.DispatchOptions['body'],
    keptSeconds?: number
  ): Promise<string>
  readonly clock: TestClock
  readonly lines: Connections
  readonly origin: string
}

/** A service that speaks in bytes, and the connections to it. */
async function service(t: Test, conduct: Conduct): Promise<Service> {
  const sockets: Socket[] = []
  const requests: string[][] = []
  let received = ''
  const server = createServer((socket) => {
    const own: string[] = []
    const index = sockets.push(socket) - 1
    requests.push(own)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      received += text
      own.push(text.split(' HTTP')[0] ?? '')
      conduct(socket, own.length - 1, index)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const clock = testClock()
  const lines = connections({ connectMs: 60_000, monotonicClock: clock, noteFault() {} })
  t.teardown(async () => {
    await lines.close()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    sockets,
    requests,
    clock,
    lines,
    origin,
    received: () => received,
    ask: (method, body = null, keptSeconds = 0) =>
      outcome(lines, { origin, path: '/', method, body }, keptSeconds)
  }
}

/**
 * The status of an answer and its body, or the code of the fault; settled when the connection can
 * take another request.
 */
function outcome(
  lines: Connections,
  options: Dispatcher.DispatchOptions,
  keptSeconds: number
): Promise<string> {
  let said = ''
  return new Promise((resolve) => {
    // Connections become idle in the turn of the event loop that follows the answer.
    const settle = (text: string) => setImmediate(() => setImmediate(() => resolve(text)))
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_controller, status) {
        said = `${status} `
      },
      onResponseData(_controller, chunk) {
        said += chunk.toString()
      },
      onResponseEnd: () => settle(said),
      onResponseError: (_controller, error) =>
        settle('code' in error ? String(error.code) : error.name)
    }
    lines.dispatch(options, handler, { keepAliveSeconds: keptSeconds, tls: null })
  })
}

/** Lets the second request on a connection find that it has died. */
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

t.test('POST uses a connection that the service keeps according to the operator', async (t) => {
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

t.test("the service's own word goes before the operator's", async (t) => {
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
    // The end of the connection has arrived, and is read only after the request was given to it.
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
  t.strictSame(requests, [['GET /', 'GET /'], ['GET /']], 'sent twice, and no more')
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

t.test('a response arrives although the rest of the request cannot be sent', async (t) => {
  const early = answer('Connection: close').replace('200 OK', '413 Content Too Large')
  let body = Readable.from([])
  const { ask } = await service(t, (socket, request) => {
    if (request > 0) return
    socket.write(early)
    socket.resetAndDestroy()
    // Written before the answer is read: it fails.
    body.push('more')
  })
  for (let turn = 0; turn < 3; turn += 1) {
    body = new Readable({ read() {} })
    body.push('a beginning')
    t.equal(await ask('POST', body), '413 ok')
  }
})

t.test('giving up an attempt to connect ends it and its request at once', async (t) => {
  // A service that takes the connection and never answers the TLS handshake.
  const server = createServer((socket) => socket.on('error', () => {}))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const lines = connections({
    connectMs: 600_000,
    monotonicClock: testClock(),
    noteFault() {}
  })
  t.teardown(async () => {
    await lines.close()
    server.close()
  })
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const failed = Promise.withResolvers<Error>()
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => t.fail('it is sent'),
    onResponseStart() {},
    onResponseEnd() {},
    onResponseError: (_controller, error) => failed.resolve(error)
  }
  const giveUp = lines.dispatch({ origin, path: '/', method: 'GET' }, handler, NOTHING_KNOWN)
  const [socket] = (await once(server, 'connection')) as [Socket]
  socket.resume()
  const closed = once(socket, 'close')
  const reason = new Error('the client has left')
  giveUp(reason)
  t.equal(await failed.promise, reason)
  await closed
})

t.test('a request that was sent is not given up', async (t) => {
  const { lines, origin } = await service(t, (socket) => socket.write(answer()))
  const done = Promise.withResolvers<string>()
  const giveUp: GiveUp = lines.dispatch(
    { origin, path: '/', method: 'GET' },
    {
      onRequestStart: () => queueMicrotask(() => giveUp(new Error('the client has left'))),
      onResponseStart() {},
      onResponseEnd: () => done.resolve('answered'),
      onResponseError: (_controller, error) => done.resolve(error.message)
    },
    NOTHING_KNOWN
  )
  t.equal(await done.promise, 'answered')
})

t.test('a throw in an event of a connection ends its request, and is counted', async (t) => {
  const faults: string[] = []
  const origin = await listeningService(t)
  const one = connection({
    origin,
    monotonicClock: testClock(),
    noteFault: (place, { message }) => faults.push(`${place}: ${message}`),
    connect(options, done) {
      return plain(options, (...made) => {
        done(...made)
        made[1]?.on('end', () => {
          throw new Error('a defect')
        })
      })
    },
    onIdle: () => t.fail('it is not used again'),
    onClosed: () => faults.push('closed')
  })
  const failed = Promise.withResolvers<Error>()
  one.dispatch(
    { origin, path: '/', method: 'GET' },
    {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData() {},
      onResponseEnd: () => t.fail('it is not complete'),
      onResponseError: (_controller, error) => failed.resolve(error)
    }
  )
  t.match(await failed.promise, { name: 'BrokenConnection' })
  t.strictSame(faults.slice(0, 2), ['connection: a defect', 'closed'])
  await one.close()
})

const plain = buildConnector({}) as Connect

/** A service that begins a response and closes. */
async function listeningService(t: Test): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'))
  })
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
