import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import t from 'tap'
import { type Edge, edge } from '../fixtures/edge.ts'
import { ending, sockets } from '../websocket/fixtures/sockets.ts'

/** The gateway has heard that the session of its tokens is over. */
async function revoke(gateway: Edge): Promise<void> {
  const until = Math.floor(gateway.clock() / 1000) + 300
  gateway.log.revoke({ kind: 'session', id: 'session-1', until })
  while (gateway.revoked.size === 0) await new Promise((resolve) => setImmediate(resolve))
}

t.test('a session that ends while its WebSocket is being opened ends it at once', async (t) => {
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

t.test('so does an event stream', async (t) => {
  const rows = '\n  - { name: news, prefix: /news, upstream: service, events: true }\n'
  const gateway = await edge(t, { rows })
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
