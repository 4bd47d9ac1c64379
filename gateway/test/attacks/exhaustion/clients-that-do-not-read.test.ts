import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import {
  type ClientHttp2Session,
  connect as connectHttpTwo,
  constants,
  type ServerHttp2Session
} from 'node:http2'
import { connect, type Socket } from 'node:net'
import { eventually } from '@gatehouse/fixtures/client'
import { END_HEADERS, END_STREAM, fields, frame, kind } from '@gatehouse/fixtures/http-two-frames'
import t, { type Test } from 'tap'
import type { WebSocket } from 'ws'
import { edge } from '../../fixtures/edge.ts'
import { serverSockets } from '../../fixtures/server-sockets.ts'
import { sockets } from '../../websocket/fixtures/sockets.ts'
import { edgeOverTls, outcomeOf, rawConnection } from '../fixtures/raw-http-two.ts'

/** More than the buffers of both connections hold. */
const MOST_BUFFERED = 32 * 1024 * 1024
/**
 * Far longer than the gateway waits for a client. Only a gateway that waits forever reaches it.
 */
const GIVE_UP_MS = 30_000

/**
 * Resolves when the gateway has buffered so much for this client that it stops reading from its
 * service.
 */
const isFull = (socket: Socket | undefined) =>
  eventually(async () => socket?.writableNeedDrain ?? false, Boolean, GIVE_UP_MS)

const isClosed = (socket: Socket | undefined) =>
  eventually(async () => socket?.closed ?? false, Boolean, GIVE_UP_MS)

t.test('an event stream that its client does not read ends with its token', async (t) => {
  const routes =
    '\n  - { name: news, prefix: /news, upstream: service, events: true, idleSeconds: 3600 }\n'
  const gateway = await edge(t, { routes, upstreamConnections: 1 })
  const accepted = serverSockets(t, gateway.port)
  const service = new Promise<ServerResponse>((resolve) => {
    gateway.upstream.answer = (_request, response) => {
      // The stream can be cut anywhere, because an event has just ended: the gateway can add its
      // last event.
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('\n'.repeat(MOST_BUFFERED))
      resolve(response)
    }
  })
  const client = connect({ port: gateway.port, host: '127.0.0.1' }).on('error', () => {})
  t.teardown(() => client.destroy())
  client.pause()
  client.write(`GET /news HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${gateway.token()}\r\n\r\n`)
  const stream = await service
  const [connection] = accepted
  await isFull(connection)
  const until = Math.floor(gateway.clock() / 1000) + 300
  gateway.log.revoke({ kind: 'session', id: 'session-1', until })
  t.ok(await isClosed(connection), 'the client is not waited for')
  t.ok(await eventually(async () => stream.closed, Boolean, GIVE_UP_MS), 'nor is the service kept')
  gateway.upstream.answer = (_request, response) => response.end('well')
  t.equal((await gateway.call('/open')).status, 200, 'the place is free again')
})

/** RFC 9113 §6.5.2: SETTINGS_INITIAL_WINDOW_SIZE with the maximum window */
const LARGEST_WINDOW = Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff])
const MORE = Buffer.from([0x7f, 0xff, 0, 0])

const getOf = (path: string) =>
  frame(
    kind.headers,
    END_HEADERS | END_STREAM,
    1,
    fields([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', path],
      [':authority', 'gateway.example']
    ])
  )

t.test('a client of HTTP/2 that does not read its connection is cut off', async (t) => {
  const routes =
    '\n  - { name: much, prefix: /much, upstream: service, access: public, idleSeconds: 1 }\n'
  const gateway = await edgeOverTls(t, { routes, upstreamConnections: 1 })
  const accepted = serverSockets(t, gateway.port)
  gateway.upstream.answer = (_request, response) => response.end(Buffer.alloc(MOST_BUFFERED))
  const reached = once(gateway.upstream.server, 'request')
  const client = await rawConnection(t, gateway, LARGEST_WINDOW)
  client.pause()
  client.write(frame(kind.windowUpdate, 0, 0, MORE))
  client.write(getOf('/much'))
  const [, response] = (await reached) as [unknown, ServerResponse]
  const [connection] = accepted
  t.ok(await isClosed(connection), 'its connection is closed, not only its stream')
  t.ok(
    await eventually(async () => response.closed, Boolean, GIVE_UP_MS),
    'the request to the service ends'
  )
  gateway.upstream.answer = (_request, response) => response.end('well')
  t.equal(await outcomeOf(t, gateway, getOf('/open')), 200, 'the place is free again')
})

t.test('complete responses that clients of HTTP/2 do not read are bounded', async (t) => {
  const statuses: (number | null)[] = []
  const gateway = await edgeOverTls(t, { logRequest: ({ status }) => statuses.push(status) })
  const codes: number[] = []
  const opened = async (initialWindowSize: number) => {
    const session = connectHttpTwo(`https://127.0.0.1:${gateway.port}`, {
      rejectUnauthorized: false,
      settings: { initialWindowSize }
    })
    t.teardown(() => session.destroy())
    session.on('error', () => {}).once('goaway', (code: number) => codes.push(code))
    await once(session, 'remoteSettings')
    return session
  }
  const ask = (session: ClientHttp2Session, method = 'GET') =>
    session
      .request({ ':path': '/nope', ':method': method })
      .on('error', () => {})
      .resume()
  const honest = await opened(65_535)
  const full: ClientHttp2Session[] = []
  // One address may have 1,024.
  for (const streams of [...Array.from({ length: 8 }, () => 127), 8]) {
    const session = await opened(0)
    full.push(session)
    await Promise.all(Array.from({ length: streams }, () => once(ask(session), 'response')))
  }
  t.strictSame(codes, [])
  const [fullest] = full
  // The end of this response exceeds the limit, and Node.js ends it while it writes its headers.
  if (fullest !== undefined) await once(ask(fullest, 'HEAD'), 'close')
  t.ok(await eventually(async () => fullest?.destroyed, Boolean, GIVE_UP_MS))
  const [answer] = await once(ask(honest), 'response')
  t.equal(answer[':status'], 404, 'a client that reads is served')
  t.strictSame(codes, [constants.NGHTTP2_ENHANCE_YOUR_CALM], 'only the one with the most is closed')
  t.strictSame([...new Set(statuses)], [404], 'and nothing in the gateway fails')
})

t.test('a connection closes when Node.js has destroyed its HTTP/2 session', async (t) => {
  const gateway = await edgeOverTls(t)
  const accepted = serverSockets(t, gateway.port)
  const session = new Promise<ServerHttp2Session>((resolve) => {
    gateway.server.on('session', resolve)
  })
  gateway.upstream.answer = (_request, response) => response.end(Buffer.alloc(MOST_BUFFERED))
  const client = await rawConnection(t, gateway, LARGEST_WINDOW)
  client.pause()
  client.write(frame(kind.windowUpdate, 0, 0, MORE))
  client.write(getOf('/open'))
  const [connection] = accepted
  let [written, looks] = [0, 0]
  await eventually(
    async () => {
      const { bytesWritten = 0 } = connection ?? {}
      looks = bytesWritten > MOST_BUFFERED / 100 && bytesWritten === written ? looks + 1 : 0
      written = bytesWritten
    },
    () => looks === 20,
    GIVE_UP_MS
  )
  // Node.js does this after a malformed frame. Its last bytes wait behind bytes that the client
  // does not read.
  ;(await session).destroy(new Error('a malformed frame'))
  t.ok(await isClosed(connection), 'the gateway does not wait for unwritten bytes')
})

/** Opens a WebSocket and fills it from both ends. Neither end reads. */
async function unread(t: Test) {
  const routes =
    '\n  - { name: live, prefix: /live, upstream: service, websocket: true, idleSeconds: 1 }\n'
  const { gateway, taken, open } = await sockets(t, { routes })
  const accepted = serverSockets(t, gateway.port)
  const client = open()
  await once(client, 'open')
  const service = taken[0]?.socket as WebSocket
  for (const side of [client, service]) {
    side.pause()
    side.on('error', () => {})
  }
  for (let sent = 0; sent < MOST_BUFFERED; sent += 1024 * 64) {
    client.send(Buffer.alloc(1024 * 64))
    service.send(Buffer.alloc(1024 * 64))
  }
  return { gateway, connection: accepted[0], client, service }
}

t.test('a WebSocket is cut if neither side reads', async (t) => {
  const { connection, service } = await unread(t)
  t.ok(await isClosed(connection), 'its client is cut off')
  t.ok(
    await eventually(async () => service.readyState === service.CLOSED, Boolean, GIVE_UP_MS),
    'and its service'
  )
})
