import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { within } from '@gatehouse/fixtures/own-time'
import t, { type Test } from 'tap'
import { type Edge, edge } from '../fixtures/edge.ts'
import { ending, sockets } from '../websocket/fixtures/sockets.ts'

/** The gateway has heard that the session of its tokens is over. */
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

/** A service that ignores an upgrade, and answers it with an event stream that it never ends. */
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
      // What is broken off does not end.
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
  t.ok(service.readableEnded, 'its service is let go')
})

t.test(
  'an event stream that answers an upgrade request may not be silent for longer than its route says',
  async (t) => {
    const { service, text } = await answeredWithStream(t, 1)
    const gone = once(service, 'end')
    // In place of the 30 s that the service may take to answer an upgrade.
    t.equal(await within(t, 10_000, 'it is cut', () => text), 'data: one\n\n')
    await gone
    t.ok(service.readableEnded, 'its service is let go')
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
