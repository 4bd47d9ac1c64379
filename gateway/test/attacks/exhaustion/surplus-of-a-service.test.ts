import { once } from 'node:events'
import { connect as connectHttpTwo } from 'node:http2'
import { request } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { closed } from '@gatehouse/fixtures/closed'
import t, { type Test } from 'tap'
import type { Edge } from '../../fixtures/edge.ts'
import { edgeOverTls } from '../fixtures/raw-http-two.ts'

/** Sends a request on a connection of its own, and returns the whole body of the response. */
type Ask = (t: Test, gateway: Edge, path: string, method?: string) => Promise<string>

const overHttpOne: Ask = async (_t, gateway, path, method = 'GET') => {
  const options = { method, rejectUnauthorized: false, agent: false } as const
  const sent = request(new URL(path, gateway.url), options).end()
  const [answer] = await once(sent, 'response')
  return text(answer)
}

const overHttpTwo: Ask = async (t, gateway, path, method = 'GET') => {
  const session = connectHttpTwo(gateway.url, { rejectUnauthorized: false })
  t.teardown(() => session.destroy())
  const stream = session.request({ ':path': path, ':method': method }, { endStream: true })
  return text(stream)
}

const answerOf = (body: string, length = body.length): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\nKeep-Alive: timeout=60\r\n\r\n${body}`

/** A complete response without a request. */
const STRAY = answerOf('stray')

/** A gateway before a service that writes these bytes for `/first`, and `own` for other paths. */
async function beforeService(t: Test, first: string) {
  const connections: Socket[] = []
  const service = createServer((socket) => {
    connections.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) =>
      socket.write(String(bytes).includes('/first') ? first : answerOf('own'))
    )
  })
  await once(service.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    service.close()
    for (const socket of connections) socket.destroy()
  })
  const { port } = service.address() as AddressInfo
  const gateway = await edgeOverTls(t, {
    upstreams: `  raw: 'http://127.0.0.1:${port}'`,
    routes: '\n  - { name: raw, prefix: /raw, upstream: raw, access: public }\n'
  })
  return { gateway, connections }
}

/** Over TLS, writing the last bytes of such a response is not complete at once. */
const SIZES = [66_000, 200_000]

for (const [protocol, ask] of [
  ['HTTP/1.1', overHttpOne],
  ['HTTP/2', overHttpTwo]
] as const) {
  t.test(`bytes after a response over ${protocol} are not read as another response`, async (t) => {
    for (const size of SIZES) {
      const { gateway, connections } = await beforeService(t, answerOf('a'.repeat(size)))
      t.equal((await ask(t, gateway, '/raw/first')).length, size)
      const [idle] = connections
      if (idle === undefined) throw new Error('the service has a connection')
      const end = closed(idle)
      idle.write(STRAY)
      await end
      t.equal(await ask(t, gateway, '/raw/next'), 'own', `after ${size} bytes`)
    }
  })

  t.test(
    `the end of an idle connection is noticed after a response over ${protocol}`,
    async (t) => {
      for (const size of SIZES) {
        const { gateway, connections } = await beforeService(t, answerOf('a'.repeat(size)))
        await ask(t, gateway, '/raw/first')
        const [idle] = connections
        if (idle === undefined) throw new Error('the service has a connection')
        const end = closed(idle)
        idle.end()
        await end
        t.equal(await ask(t, gateway, '/raw/next', 'POST'), 'own', `after ${size} bytes`)
      }
    }
  )

  t.test(
    `bytes beyond a Content-Length are not taken for a response over ${protocol}`,
    async (t) => {
      const READ_BYTES = 65_536
      const head = answerOf('', 100_000).length
      for (const reads of [2, 3]) {
        const length = reads * READ_BYTES - head
        // The announced length ends exactly at the end of a read.
        const { gateway } = await beforeService(t, answerOf('a'.repeat(length), length) + STRAY)
        t.equal((await ask(t, gateway, '/raw/first')).length, length)
        t.equal(await ask(t, gateway, '/raw/next'), 'own', `after ${reads} reads`)
      }
    }
  )
}
