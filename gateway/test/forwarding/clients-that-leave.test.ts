import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { edge } from '../fixtures/edge.ts'
import { hasReceived } from '../fixtures/upstream.ts'

/** An attempt to connect takes seconds. */
const PAUSE_MS = 100

t.test(
  'a client that disconnects before the response ends its request, however it was sent',
  async (t) => {
    const routes = `
  - { name: large, prefix: /large, upstream: service, access: public }
`
    const gateway = await edge(t, { routes })
    for (const [path, method, body] of [
      ['/open', 'GET', ''],
      ['/large', 'POST', 'whole'],
      ['/large', 'POST', 'x'.repeat(200_000)]
    ] as const) {
      const gone = new Promise<void>((resolve) => {
        gateway.upstream.answer = (request) => request.socket.once('close', () => resolve())
      })
      const before = gateway.upstream.received.length
      const leaving: ClientRequest = request(`${gateway.url}${path}`, { method })
      leaving.on('error', () => {}).end(body)
      await hasReceived(t, gateway.upstream, before + 1)
      leaving.destroy()
      await t.resolves(gone, `${method} of ${body.length} bytes`)
    }
  }
)

t.test('a client that has disconnected takes no place', async (t) => {
  const gateway = await edge(t, { upstreamConnections: 1 })
  gateway.upstream.answer = () => {}
  for (let index = 0; index < 5; index += 1) {
    const before = gateway.upstream.received.length
    const leaving = request(`${gateway.url}/open`).on('error', () => {})
    leaving.end()
    await hasReceived(t, gateway.upstream, before + 1)
    leaving.destroy()
    await new Promise((resolve) => leaving.once('close', resolve))
    await sleep(20)
  }
  gateway.upstream.answer = (_request, response) => response.end()
  t.equal((await fetch(`${gateway.url}/open`)).status, 200)
})

for (const [what, method, body] of [
  ['a GET', 'GET', ''],
  ['an upload that streams', 'POST', 'x'.repeat(200_000)]
] as const) {
  t.test(`${what} keeps its place until the attempt to connect has ended`, async (t) => {
    // A service that accepts connections and never answers the TLS handshake.
    const sockets = new Set<Socket>()
    const service = createServer((socket) => {
      sockets.add(socket.resume())
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    })
    await once(service.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => service.close())
    const { port } = service.address() as AddressInfo
    const gateway = await edge(t, {
      upstreams: `  mute: { addresses: ['https://127.0.0.1:${port}'] }`,
      routes: '\n  - { name: mute, prefix: /mute, upstream: mute, access: public }\n',
      upstreamConnections: 1
    })
    /**
     * Disconnects while the gateway connects to the service. Returns whether there was a free
     * place.
     */
    const leave = async (): Promise<boolean> => {
      const leaving = request(`${gateway.url}/mute`, { method }).on('error', () => {})
      const hadPlace = await new Promise<boolean>((resolve) => {
        leaving.once('response', () => resolve(false))
        service.once('connection', () => resolve(true))
        leaving.end(body)
      })
      const left = new Promise((resolve) => leaving.once('close', resolve))
      leaving.destroy()
      await left
      return hadPlace
    }
    for (let left = 0; left < 4; ) {
      if (await leave()) left += 1
      else await sleep(PAUSE_MS)
      // The end of one connection may be read in the same turn of the event loop as the beginning
      // of the next one.
      t.ok(sockets.size <= 2, `${sockets.size} connections for one place`)
    }
  })
}
