import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect as openSession } from 'node:http2'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { closed } from '@gatehouse/fixtures/closed'
import {
  END_HEADERS,
  END_STREAM,
  fields,
  frame,
  kind,
  PREFACE
} from '@gatehouse/fixtures/http-two-frames'
import { generate } from 'selfsigned'
import t, { type Test } from 'tap'
import { smallService } from '../fixtures/small-service.ts'

const pems = await generate([{ name: 'commonName', value: 'localhost' }])
const https = { cert: Buffer.from(pems.cert), key: Buffer.from(pems.private) }

/** A service with a route that responds when the test says so. */
async function service(t: Test, options: Parameters<typeof smallService>[1] = {}) {
  const app = smallService(undefined, options)
  t.teardown(() => app.close())
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  app.get('/slow', () => finished.then(() => ({ slow: true })))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  let requests = 0
  app.server.on('request', () => {
    requests += 1
  })
  const arrived = async (count: number): Promise<void> => {
    while (requests < count) await setImmediate()
  }
  return { app, url, port: Number(new URL(url).port), arrived, finish: () => finish() }
}

/** A connection, and the bytes that arrived on it. */
async function connection(t: Test, port: number) {
  const socket = connect({ port, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  let received = ''
  socket.setEncoding('latin1').on('data', (piece: string) => {
    received += piece
  })
  await once(socket, 'connect')
  const ask = (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  const answers = () => received.split(/(?=HTTP\/1\.1 )/).filter((answer) => answer !== '')
  const answered = async (count: number): Promise<string[]> => {
    while (!/\}$/.test(answers()[count - 1] ?? '')) await once(socket, 'data')
    return answers()
  }
  return { socket, ask, answers, answered }
}

t.test('a draining service serves an idle connection once more, and closes it', async (t) => {
  const { app, port } = await service(t)
  const { socket, ask, answered, answers } = await connection(t, port)
  ask('/notes/1')
  t.match((await answered(1))[0], /^HTTP\/1\.1 200 [\s\S]*connection: keep-alive/i)
  app.draining.begin()
  t.equal(app.draining.hasBegun, true)
  ask('/notes/2')
  await closed(socket)
  t.match(answers()[1], /^HTTP\/1\.1 200 [\s\S]*connection: close/i)
  const late = await connection(t, port)
  late.ask('/nothing')
  await closed(late.socket)
  t.match(late.answers()[0], /^HTTP\/1\.1 404 [\s\S]*connection: close/i, 'also a new connection')
})

t.test('an operator ends a drain, but not that of a process that ends', async (t) => {
  const { app, port } = await service(t)
  app.draining.begin('operator')
  t.match(app.draining, { hasBegun: true, isEnding: false })
  const drained = await connection(t, port)
  drained.ask('/notes/1')
  await closed(drained.socket)
  app.draining.undo()
  t.equal(app.draining.hasBegun, false)
  const { socket, ask, answered, answers } = await connection(t, port)
  ask('/notes/2')
  t.match((await answered(1))[0], /^HTTP\/1\.1 200 [\s\S]*connection: keep-alive/i)
  app.draining.begin('operator')
  app.draining.begin()
  app.draining.undo()
  t.match(app.draining, { hasBegun: true, isEnding: true })
  ask('/notes/3')
  await closed(socket)
  t.match(answers()[1], /connection: close/i)
})

t.test('the response to a request from before the drain is the last one', async (t) => {
  const { app, port, arrived, finish } = await service(t)
  const { socket, ask, answers } = await connection(t, port)
  ask('/slow')
  await arrived(1)
  app.draining.begin()
  finish()
  await closed(socket)
  t.match(answers()[0], /^HTTP\/1\.1 200 [\s\S]*connection: close/i)
})

t.test('pipelined requests are all answered', async (t) => {
  const { app, port, arrived, finish } = await service(t)
  const { socket, ask, answers } = await connection(t, port)
  ask('/slow')
  await arrived(1)
  app.draining.begin()
  ask('/notes/2')
  ask('/notes/3')
  await arrived(3)
  finish()
  await closed(socket)
  t.match(answers(), [/keep-alive/, /keep-alive/, /connection: close/i])
  t.equal(answers().length, 3)
})

/** A client session, and the GOAWAY that it gets. */
async function session(t: Test, url: string) {
  const client: ClientHttp2Session = openSession(url, { rejectUnauthorized: false })
  t.teardown(() => client.destroy())
  await once(client, 'connect')
  const left = once(client, 'goaway')
  const status = async (stream: ClientHttp2Stream): Promise<number | undefined> => {
    const [headers] = await once(stream, 'response')
    await once(stream.resume(), 'close')
    return headers[':status']
  }
  return { client, left, get: (path: string) => status(client.request({ ':path': path })) }
}

t.test('a draining service tells an idle HTTP/2 client to connect again', async (t) => {
  const { app, url } = await service(t, { https, http2: true, silentMs: 1 })
  const { client, left, get } = await session(t, url)
  t.equal(await get('/notes/1'), 200)
  app.draining.begin()
  const [code] = await left
  t.equal(code, 0, 'without an error')
  await closed(client)
})

t.test('a request on its way when the drain begins is answered', async (t) => {
  const { app, url, finish } = await service(t, { https, http2: true })
  const { client, left, get } = await session(t, url)
  t.equal(await get('/notes/1'), 200)
  const slow = get('/slow')
  const onItsWay = get('/notes/2')
  app.draining.begin()
  t.equal(await onItsWay, 200)
  await left
  finish()
  t.equal(await slow, 200)
  await closed(client)
})

t.test('a client of a draining service is served, and asked to connect again', async (t) => {
  const { app, url } = await service(t, { https, http2: true })
  app.draining.begin()
  const { left, get } = await session(t, url)
  t.equal(await get('/notes/1'), 200)
  await left
})

t.test('the first request over a connection is served, even if the service closes', async (t) => {
  const { app, url } = await service(t, { https, http2: true, silentMs: 60_000 })
  app.draining.begin()
  const { left, get } = await session(t, url)
  const closing = app.close()
  await setImmediate()
  t.equal(await get('/notes/1'), 200)
  await Promise.all([left, closing])
})

t.test('a client that answers no PING is served, and gets a GOAWAY', async (t) => {
  const { app, port } = await service(t, { https, http2: true })
  app.draining.begin()
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] }
  const socket = connectTls(options)
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  let received = Buffer.alloc(0)
  socket.on('data', (piece) => {
    received = Buffer.concat([received, piece])
  })
  const path = fields([
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'a'],
    [':path', '/notes/1']
  ])
  socket.write(PREFACE)
  socket.write(frame(kind.settings, 0, 0))
  socket.write(frame(kind.headers, END_HEADERS | END_STREAM, 1, path))
  await closed(socket)
  const kinds = kindsOf(received)
  t.ok(kinds.includes(kind.goaway))
  t.ok(kinds.indexOf(kind.goaway) < kinds.indexOf(kind.headers), 'before the answer')
})

/** The kinds of the frames (RFC 9113 §4.1). */
function kindsOf(bytes: Buffer): number[] {
  const kinds: number[] = []
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    kinds.push(bytes.readUInt8(at + 3))
  }
  return kinds
}
