import { once } from 'node:events'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { eventually } from '@gatehouse/fixtures/client'
import { closed } from '@gatehouse/fixtures/closed'
import t from 'tap'
import { limitedBody } from '../../../src/forwarding/request/limited-body.ts'
import { edge } from '../../fixtures/edge.ts'

/** Writes these bytes on one connection. Returns everything that arrives until it ends. */
async function exchange(port: number, ...pieces: string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' }).setEncoding('latin1')
  let text = ''
  socket.on('data', (piece) => {
    text += piece
  })
  for (const piece of pieces) socket.write(piece)
  await closed(socket)
  return text
}

t.test('a client that disconnects before its body is read does not end the process', async (t) => {
  const source = new PassThrough()
  const body = limitedBody(source, 10)
  source.destroy(new Error('aborted'))
  await new Promise((resolve) => source.once('close', () => setImmediate(resolve)))
  t.ok(body.destroyed)
})

t.test('a body that is too large for its route does not end the process', async (t) => {
  const source = new PassThrough()
  const body = limitedBody(source, 10)
  source.write('x'.repeat(100))
  body.resume()
  await new Promise((resolve) => setTimeout(resolve, 10))
  t.ok(body.destroyed)
})

t.test('a refused upload that is then reset ends nothing else', async (t) => {
  const gateway = await edge(t, { upstreamConnections: 1 })
  gateway.upstream.answer = () => {}
  const held = connect({ port: gateway.port, host: '127.0.0.1' }).on('error', () => {})
  t.teardown(() => held.destroy())
  const reached = once(gateway.upstream.server, 'request')
  held.write('GET /open/held HTTP/1.1\r\nHost: a\r\n\r\n')
  await reached
  for (let turn = 0; turn < 20; turn += 1) {
    const socket = connect({ port: gateway.port, host: '127.0.0.1' }).on('error', () => {})
    await once(socket, 'connect')
    const head = 'POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
    socket.write(`${head}5\r\nhello\r\n`, () => socket.resetAndDestroy())
    await closed(socket)
  }
  held.destroy()
  gateway.upstream.answer = (_request, response) => response.end('well')
  const again = await eventually(
    () => gateway.call('/open'),
    ({ status }) => status === 200,
    10_000
  )
  t.equal(again.status, 200, 'the place is free again')
})

t.test('an upload with a target in absolute form is forwarded, and frees its place', async (t) => {
  const gateway = await edge(t, { upstreamConnections: 1 })
  const head = 'POST http://a/open/x?y=z HTTP/1.1\r\nHost: a\r\nConnection: close\r\n'
  for (const turn of [1, 2]) {
    const upload = `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`
    t.match(await exchange(gateway.port, upload), /^HTTP\/1\.1 200 /, `upload ${turn}`)
  }
  t.match(gateway.upstream.received, [{ target: '/open/x?y=z', body: 'hello' }, {}])
})

t.test('a pipelined CONNECT waits for the response before it', async (t) => {
  const gateway = await edge(t)
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 10 }).write('01234')
    setTimeout(() => response.end('56789'), 50)
  }
  const bytes = 'GET /open HTTP/1.1\r\nHost: a\r\n\r\nCONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'
  const text = await exchange(gateway.port, bytes)
  t.match(text, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n0123456789HTTP\/1\.1 405 /)
})

t.test('endless hints are not a response, and the client gets a few of them', async (t) => {
  const gateway = await edge(t)
  const hint = 'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n'
  const answering = (hints: number) => {
    gateway.upstream.answer = ({ socket }) =>
      socket.end(`${hint.repeat(hints)}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`)
    const request = 'GET /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    return exchange(gateway.port, request)
  }
  const some = await answering(20)
  t.match(some, /HTTP\/1\.1 200 /)
  t.equal(some.match(/ 103 /g)?.length, 8)
  t.match(await answering(1000), /HTTP\/1\.1 502 /)
})

t.test('an event stream with an announced length is cut with its token', async (t) => {
  const routes = '\n  - { name: news, prefix: /news, upstream: service, events: true }\n'
  const gateway = await edge(t, { routes })
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-length': 500 })
    response.write('data: one\n\n')
  }
  const answer = await gateway.call('/news')
  const until = Math.floor(gateway.clock() / 1000) + 300
  gateway.log.revoke({ kind: 'session', id: 'session-1', until })
  await t.rejects(answer.text(), 'a body that is too short does not look complete')
})

t.test('a client that disconnects from a silent stream frees its place', async (t) => {
  const routes =
    '\n  - { name: ev, prefix: /ev, upstream: service, access: public, events: true }\n'
  const gateway = await edge(t, { routes, upstreamConnections: 1 })
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n')
  }
  const reached = once(gateway.upstream.server, 'request')
  const socket = connect({ port: gateway.port, host: '127.0.0.1' }).on('error', () => {})
  const upgrade = [
    'GET /open HTTP/1.1',
    'Host: a',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '',
    ''
  ]
  socket.write(`GET /ev HTTP/1.1\r\nHost: a\r\n\r\n${upgrade.join('\r\n')}`)
  const [request] = await reached
  const gone = once(request.socket, 'close')
  await once(socket, 'data')
  socket.end()
  await gone
  gateway.upstream.answer = (_request, response) => response.end('well')
  t.equal((await gateway.call('/open')).status, 200)
})
