import { once } from 'node:events'
import { connect, constants } from 'node:http2'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { closed } from '@gatehouse/fixtures/closed'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { edge } from '../fixtures/edge.ts'
import { selfSigned } from '../fixtures/self-signed.ts'

/** Far more than the gateway writes to a client at once. */
const BODY = Buffer.alloc(200_000, 'a')

const https = await selfSigned()

/** A service that speaks in bytes. */
async function service(t: Test, answer: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/**
 * A gateway before it, and what a client that reads over HTTP/2 gets: the bytes, and whether the
 * response was complete.
 */
async function through(t: Test, upstream: string) {
  const metrics = new Registry()
  const gateway = await edge(t, {
    https,
    metrics,
    upstreams: `  closing: '${upstream}'`,
    routes: '\n  - { name: one, prefix: /one, upstream: closing, access: public }\n'
  })
  const session = connect(gateway.url, { rejectUnauthorized: false })
  t.teardown(() => session.destroy())
  return {
    async faults() {
      const counter = await metrics.getSingleMetric('gateway_guarded_faults_total')?.get()
      return counter?.values.reduce((sum, { value }) => sum + value, 0)
    },
    async ask(path = '/one') {
      const stream = session.request({ ':path': path })
      stream.on('error', () => {})
      let bytes = 0
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      await closed(stream)
      return { bytes, isWhole: stream.rstCode === constants.NGHTTP2_NO_ERROR }
    }
  }
}

const whole = { bytes: BODY.length, isWhole: true }

// Reported as a way to end the process: undici 7.30.2 fails with an assertion in an event of its
// socket if the service closes while a response is paused (`assert(!this.paused)`).
for (const [what, head] of Object.entries({
  'with a length': `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${BODY.length}\r\n\r\n`,
  'without a length': 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n',
  'of HTTP/1.0': 'HTTP/1.0 200 OK\r\n\r\n'
})) {
  t.test(`a response ${what} is complete if its service closes at its end`, async (t) => {
    const upstream = await service(t, (socket) => {
      socket.end(Buffer.concat([Buffer.from(head), BODY]))
    })
    const { ask, faults } = await through(t, upstream)
    for (let turn = 0; turn < 5; turn += 1) t.strictSame(await ask(), whole)
    t.equal(await faults(), 0)
  })
}

t.test('a service that resets its connection while a client reads ends one response', async (t) => {
  const head = `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${2 * BODY.length}\r\n\r\n`
  const upstream = await service(t, (socket) => {
    socket.write(Buffer.concat([Buffer.from(head), BODY]), () => socket.resetAndDestroy())
  })
  const { ask, faults } = await through(t, upstream)
  for (let turn = 0; turn < 5; turn += 1) t.match(await ask(), { isWhole: false })
  t.match(await ask('/open'), { isWhole: true })
  t.equal(await faults(), 0)
})
