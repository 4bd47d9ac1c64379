import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { closed } from '@gatehouse/fixtures/closed'
import { within } from '@gatehouse/fixtures/own-time'
import t, { type Test } from 'tap'
import { type Edge, edge } from '../../fixtures/edge.ts'
import { httpTwoService } from '../../forwarding/fixtures/http-two-service.ts'
import { ending, sockets } from '../../websocket/fixtures/sockets.ts'

/** Resolves when the gateway has learned that the session of its tokens has ended. */
async function revoke(gateway: Edge): Promise<void> {
  const until = Math.floor(gateway.clock() / 1000) + 300
  gateway.log.revoke({ kind: 'session', id: 'session-1', until })
  while (gateway.revoked.size === 0) await new Promise((resolve) => setImmediate(resolve))
}

t.test('a session that ends while its WebSocket opens closes the WebSocket at once', async (t) => {
  const { gateway, server, open } = await sockets(t)
  const upgrade = new Promise<() => void>((resolve) => {
    const [accept] = gateway.upstream.server.listeners('upgrade') as ((...all: unknown[]) => void)[]
    gateway.upstream.server.removeAllListeners('upgrade')
    gateway.upstream.server.on('upgrade', (request, socket: Duplex, head: Buffer) =>
      resolve(() => accept?.(request, socket, head))
    )
  })
  const socket = open('/live')
  const accept = await upgrade
  await revoke(gateway)
  const reached = once(server, 'connection')
  accept()
  await reached
  t.strictSame(await ending(socket), [3000, 'SESSION_ENDED'])
})

/** A service that ignores the upgrade, and responds with an event stream that it never ends. */
async function answeredWithStream(t: Test, idleSeconds: number) {
  const routes = `\n  - { name: live, prefix: /live, upstream: service, websocket: true, idleSeconds: ${idleSeconds} }\n`
  const { gateway, open } = await sockets(t, { routes, upstreamConnections: 1 })
  gateway.upstream.server.removeAllListeners('upgrade')
  const service = new Promise<Duplex>((resolve) => {
    gateway.upstream.server.once('upgrade', (_request, socket: Duplex) => {
      socket.on('error', () => {}).resume()
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\n')
      resolve(socket)
    })
  })
  const [, answer] = await once(open(), 'unexpected-response')
  const text = (async () => {
    let all = ''
    try {
      for await (const chunk of answer.setEncoding('utf8')) all += chunk
    } catch {
      // A response that is cut off throws here.
    }
    return all
  })()
  return { gateway, service: await service, text }
}

t.test('an event stream that answers an upgrade request ends with its token', async (t) => {
  const { gateway, service, text } = await answeredWithStream(t, 3600)
  const gone = once(service, 'end')
  await revoke(gateway)
  t.equal(await text, 'data: one\n\n')
  await gone
  t.ok(service.readableEnded, 'the request to the service ends')
})

t.test(
  'an event stream that answers an upgrade request may not be silent for longer than its route says',
  async (t) => {
    const { service, text } = await answeredWithStream(t, 1)
    const gone = once(service, 'end')
    // The service may take 30 s to answer an upgrade; this limit is shorter.
    t.equal(await within(t, 10_000, 'it is cut', () => text), 'data: one\n\n')
    await gone
    t.ok(service.readableEnded, 'the request to the service ends')
  }
)

t.test('a session that ends while its event stream is being opened ends it at once', async (t) => {
  const routes = '\n  - { name: news, prefix: /news, upstream: service, events: true }\n'
  const gateway = await edge(t, { routes })
  const asked = new Promise<ServerResponse>((resolve) => {
    gateway.upstream.answer = (_request, response) => resolve(response)
  })
  const answer = gateway.call('/news')
  const service = await asked
  await revoke(gateway)
  service.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n')
  const text = await (await answer).text()
  t.match(text, /event: gatehouse-end\ndata: SESSION_ENDED\n\n$/)
})

/** A POST without the last byte of its body. The gateway has read the rest. */
async function heldBack(gateway: Edge, path: string, token: string) {
  const arrived = new Promise((resolve) => gateway.server.on('request', resolve))
  const socket = connect({ port: gateway.port, host: '127.0.0.1' }).on('error', () => {})
  const ended = closed(socket)
  let answer = ''
  socket.setEncoding('latin1').on('data', (text) => {
    answer += text
  })
  const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n`
  socket.write(`${head}Authorization: Bearer ${token}\r\n\r\norde`)
  await arrived
  return async () => {
    socket.write('r')
    await ended
    return answer
  }
}

/** A token that the gateway remembers, so that its check takes no time. */
async function rememberedToken(gateway: Edge): Promise<string> {
  const token = gateway.token()
  await gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })
  return token
}

t.test('a request whose session ends while its body arrives is refused', async (t) => {
  const table = (name: string, upstream: string, bodyLimitBytes: number) =>
    `  - { name: ${name}, prefix: /${name}, upstream: ${upstream}, bodyLimitBytes: ${bodyLimitBytes} }\n`
  const service = await httpTwoService(t)
  const gateway = await edge(t, {
    upstreams: `  two: { addresses: ['${service.url}'], protocol: h2c }\n`,
    routes: `${table('whole', 'service', 1024)}${table('streamed', 'service', 1_000_000)}${table('two', 'two', 1_000_000)}`
  })
  const token = await rememberedToken(gateway)
  const complete: boolean[] = []
  gateway.upstream.answer = (request, response) => {
    complete.push(request.complete)
    response.end('done')
  }
  const opened = new Promise<ServerHttp2Stream>((resolve) => {
    service.onStream = (stream) => resolve(stream.resume())
  })
  const reached = once(gateway.upstream.server, 'request')
  const whole = await heldBack(gateway, '/whole', token)
  const streamed = await heldBack(gateway, '/streamed', token)
  const two = await heldBack(gateway, '/two', token)
  await reached
  const aborted = once(await opened, 'aborted')
  await revoke(gateway)
  t.match(await whole(), /^HTTP\/1.1 401 .*SESSION_ENDED/s, 'of a small body')
  t.match(await streamed(), /^HTTP\/1.1 401 .*SESSION_ENDED/s, 'of a large body')
  t.match(await two(), /^HTTP\/1.1 401 .*SESSION_ENDED/s, 'to a service over HTTP/2')
  await aborted
  t.strictSame(complete, [false], 'no service has the last byte')
})

t.test('a request whose token expires while its small body arrives is refused', async (t) => {
  const gateway = await edge(t, {
    routes: '  - { name: whole, prefix: /whole, upstream: service, bodyLimitBytes: 1024 }\n'
  })
  const held = await heldBack(gateway, '/whole', await rememberedToken(gateway))
  gateway.clock.advance(3_600_000)
  t.match(await held(), /^HTTP\/1.1 401 .*TOKEN_EXPIRED/s)
  t.equal(gateway.upstream.received.length, 1, 'its service has the call before it only')
})
