import { once } from 'node:events'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { testClock } from '@gatehouse/fixtures/clock'
import t, { type Test } from 'tap'
import { buildConnector, type Dispatcher } from 'undici'
import type { GiveUp } from '../../src/forwarding/connections/connections.ts'
import { connection } from '../../src/forwarding/connections/http-one/connection.ts'
import type { Connector } from '../../src/forwarding/connections/http-one/connection-options.ts'
import { DirectExchange } from '../../src/forwarding/connections/http-one/direct/direct-exchange.ts'
import { ReadBuffer } from '../../src/forwarding/connections/http-one/direct/read-buffer.ts'
import { takeOver } from '../../src/forwarding/connections/http-one/direct/take-over.ts'
import { httpOneConnections } from '../../src/forwarding/connections/http-one/http-one-connections.ts'
import { answer, service } from './fixtures/recorded-service.ts'

/** of a service: the gateway knows neither how long it keeps connections nor how to verify it */
const NOTHING_KNOWN = { protocol: 'http/1.1', keepAliveSeconds: 0, tls: null } as const

t.test('a response arrives although the rest of the request cannot be sent', async (t) => {
  const early = answer('Connection: close').replace('200 OK', '413 Content Too Large')
  let body = Readable.from([])
  const { ask } = await service(t, (socket, request) => {
    if (request > 0) return
    socket.write(early)
    socket.resetAndDestroy()
    // The gateway writes this before it reads the response, and the write fails.
    body.push('more')
  })
  for (let turn = 0; turn < 3; turn += 1) {
    body = new Readable({ read() {} })
    body.push('a beginning')
    t.equal(await ask('POST', body), '413 ok')
  }
})

t.test('giving up an attempt to connect ends it and its request at once', async (t) => {
  // A service that accepts the connection and never answers the TLS handshake.
  const server = createServer((socket) => socket.on('error', () => {}))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const lines = httpOneConnections({
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

t.test('a response that arrives before its request is never taken for it', async (t) => {
  const socket = new Socket()
  const failed = once(socket, 'error')
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => t.fail('it is sent'),
    onResponseStart: () => t.fail('it is answered'),
    onResponseEnd() {},
    onResponseError() {}
  }
  const request = { path: '/', method: 'GET' } as const
  const exchange = new DirectExchange(
    { request, handler, text: '' },
    {
      socket,
      reads: new ReadBuffer(),
      handOver: () => t.fail('undici gets the bytes'),
      fault: (error) => t.fail(error.message),
      free: () => t.fail('the connection is used again')
    }
  )
  // It is written in the next turn of the event loop, after all that has arrived was read.
  t.equal(exchange.take(Buffer.from(answer())), false)
  t.match(await failed, [{ code: 'UND_ERR_SOCKET' }])
  exchange.fail(new Error('closed'))
  await nextTurn()
})

t.test('a response that begins late has no more time when undici takes over', async (t) => {
  const { port } = new URL(await listeningService(t))
  const socket = connect(Number(port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  const handler: Dispatcher.DispatchHandler = {}
  for (const [headersTimeout, left] of [
    [3000, 2000],
    [0, 0]
  ] as const) {
    const request = { path: '/', method: 'GET', headersTimeout } as const
    const given: unknown[] = []
    const exchange = new DirectExchange(
      { request, handler, text: '' },
      {
        socket,
        reads: new ReadBuffer(),
        handOver: (asked) => given.push(asked.request.headersTimeout),
        fault: (error) => t.fail(error.message),
        free: () => t.fail('the connection is used again')
      }
    )
    await nextTurn()
    for (let tick = 0; tick < 3; tick += 1) exchange.tick()
    exchange.take(Buffer.from('HTTP/1.1 2'))
    t.strictSame(given, [left])
  }
})

t.test('a service has its whole time for the next piece after a client was slow', async (t) => {
  const { port } = new URL(await listeningService(t))
  const socket = connect(Number(port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  const request = { path: '/', method: 'GET', headersTimeout: 0, bodyTimeout: 2000 } as const
  const line = {
    socket,
    reads: new ReadBuffer(),
    handOver: () => t.fail('undici gets the bytes'),
    fault: (error: Error) => t.fail(error.message),
    free: () => t.fail('the connection is used again')
  }
  const exchange = new DirectExchange({ request, handler: {}, text: '' }, line)
  await nextTurn()
  const pass = (ticks: number): void => {
    for (let tick = 0; tick < ticks; tick += 1) exchange.tick()
  }
  t.ok(exchange.take(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n')))
  pass(4)
  t.ok(exchange.take(Buffer.from('half')))
  pass(4)
  exchange.pause()
  pass(99)
  exchange.resume()
  pass(4)
  t.notOk(socket.destroyed)
  const failed = once(socket, 'error')
  pass(1)
  t.match(await failed, [{ code: 'UND_ERR_BODY_TIMEOUT' }])
  exchange.fail(new Error('closed'))
})

t.test(
  'a request that undici takes over is sent once, whatever was not sent before it',
  async (t) => {
    let received = ''
    const server = createServer((socket) => socket.on('data', (bytes) => (received += bytes)))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    t.teardown(() => {
      socket.destroy()
      server.close()
    })
    await once(socket, 'connect')
    // As if the service did not read: what is written waits, and is then sent in one piece.
    socket.cork()
    socket.write('before it, ')
    takeOver(socket, Buffer.from('the response'))
    socket.write('the request again, ')
    socket.write('the next one')
    socket.uncork()
    const [bytes] = await once(socket, 'data')
    t.equal(String(bytes), 'the response')
    while (!received.includes('one')) await nextTurn()
    t.equal(received, 'before it, the next one')
  }
)

const plain = buildConnector({}) as Connector

/** A service that begins a response and closes the connection. */
async function listeningService(t: Test): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'))
  })
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
