import { once } from 'node:events'
import type { ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { eventually } from '@gatehouse/fixtures/client'
import { Registry } from 'prom-client'
import t from 'tap'
import { httpTwoConnections } from '../../../src/forwarding/connections/http-two/http-two-connections.ts'
import { edge } from '../../fixtures/edge.ts'
import { httpTwoService, type OnStream } from '../fixtures/http-two-service.ts'
import { outcome } from '../fixtures/recorded-service.ts'
import { unreadingService } from '../fixtures/unreading-service.ts'

/** A network in front of a service. It can lose the connections that are open. */
async function relay(to: string) {
  const open = new Set<Socket>()
  const all = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ port: Number(new URL(to).port), host: '127.0.0.1' })
    open.add(near)
    near.once('close', () => open.delete(near))
    near.pipe(far)
    far.pipe(near)
    for (const socket of [near, far]) all.add(socket.on('error', () => {}))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of all) socket.destroy()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open,
    lose() {
      for (const near of open) near.unpipe().resume()
    }
  }
}

/** below the number that a stock service of Node.js accepts, so that the test is short */
const RESETS = { streamResetBurst: 100, streamResetRate: 1 }

const full = await httpTwoService(t, { settings: { maxConcurrentStreams: 0 } })
const leaving = await httpTwoService(t)
const shared = await httpTwoService(t, RESETS)
const remote = await httpTwoService(t)
const relayed = await relay(remote.url)
const stopping = await httpTwoService(t)
const services = { full, leaving, shared, remote: relayed, stopping }
const metrics = new Registry()
const gateway = await edge(t, {
  metrics,
  upstreams: Object.entries(services)
    .map(([name, { url }]) => `  ${name}: { addresses: ['${url}'], protocol: h2c }\n`)
    .join(''),
  routes: Object.keys(services)
    .map((name) => `  - { name: ${name}, prefix: /${name}, upstream: ${name}, access: public }\n`)
    .concat(
      '  - { name: soon, prefix: /soon, upstream: remote, access: public, answerSeconds: 1 }\n'
    )
    .join('')
})
const connections = async () => {
  const gauge = await metrics.getSingleMetric('gateway_upstream_shared_connections')?.get()
  return gauge?.values.reduce((sum, { value }) => sum + value, 0)
}

const LONG_MS = 10_000
const ok: OnStream = (stream) => {
  if (stream.destroyed) return
  stream.respond({ ':status': 200 })
  stream.end('ok')
}
/** Waits until a counter has this value. */
const until = (count: () => number, wanted: number): Promise<number> =>
  eventually(
    async () => count(),
    (now) => now === wanted,
    LONG_MS
  )

t.test(
  'a service that accepts no stream gets one connection for all waiting requests',
  async (t) => {
    t.equal((await gateway.call('/full')).status, 502)
    t.equal(full.made, 1)
    t.equal((await gateway.call('/full', { method: 'POST', body: 'x' })).status, 502)
    t.equal(full.made, 2, 'and the next request another')
    t.equal(await until(() => full.sessions.size, 0), 0)
  }
)

t.test('connections that a service ends, and does not close, are closed soon', async (t) => {
  let goaways = 0
  leaving.onStream = (stream) => {
    goaways += 1
    stream.session?.goaway(0)
    ok(stream, {})
  }
  for (let index = 0; index < 5; index += 1) t.equal((await gateway.call('/leaving')).status, 200)
  t.equal(goaways, 5)
  t.ok(Number(await connections()) > 0, 'the metric counts them until then')
  t.equal(await eventually(connections, (open) => open === 0, LONG_MS), 0)
})

t.test('clients that leave again and again break no request of others', async (t) => {
  const slow: (() => void)[] = []
  let hanging = 0
  shared.onStream = (stream, { ':path': path }) => {
    if (path !== '/shared/slow') {
      hanging += 1
      stream.once('close', () => (hanging -= 1))
      return
    }
    slow.push(() => ok(stream, {}))
  }
  const others = Array.from({ length: 3 }, () =>
    gateway.call('/shared/slow', { method: 'POST', body: 'order' })
  )
  await until(() => slow.length, 3)
  for (let round = 0; round < 8; round += 1) {
    const clients = Array.from({ length: 20 }, () => {
      const client = connect({ port: gateway.port, host: '127.0.0.1' }).on('error', () => {})
      client.write('GET /shared/hang HTTP/1.1\r\nHost: a\r\n\r\n')
      return client
    })
    await until(() => hanging, 20)
    for (const client of clients) client.destroy()
    await until(() => hanging, 0)
  }
  for (const answer of slow) answer()
  const answers = await Promise.all(others)
  t.strictSame(
    answers.map(({ status }) => status),
    [200, 200, 200]
  )
  t.ok(shared.made > 1, 'later requests went over other connections')
})

t.test('a connection that the network has lost is noticed by one request', async (t) => {
  const received: ServerHttp2Stream[] = []
  remote.onStream = (stream) => received.push(stream)
  const pending = gateway.call('/remote', { method: 'POST', body: 'order' })
  await until(() => received.length, 1)
  relayed.lose()
  t.equal((await gateway.call('/soon')).status, 504)
  remote.onStream = ok
  t.equal((await gateway.call('/soon')).status, 200, 'over another connection')
  t.equal(remote.made, 2)
  t.equal((await pending).status, 502, 'the others fail a moment later')
  t.equal(await until(() => relayed.open.size, 1), 1, 'and the connection is closed')
})

t.test('a service that is only slow keeps its connection', async (t) => {
  const waiting: ServerHttp2Stream[] = []
  remote.onStream = (stream) => waiting.push(stream)
  const pending = gateway.call('/remote', { method: 'POST', body: 'order' })
  await until(() => waiting.length, 1)
  const pinged = new Promise((resolve) => waiting[0]?.session?.once('ping', resolve))
  t.equal((await gateway.call('/soon')).status, 504)
  await pinged
  for (const stream of waiting) ok(stream, {})
  t.equal((await pending).status, 200)
  remote.onStream = ok
  t.equal((await gateway.call('/soon')).status, 200)
  t.equal(remote.made, 2, 'as before')
})

t.test('a connection on which no more streams are accepted ends with its last one', async (t) => {
  const held: ServerHttp2Stream[] = []
  stopping.onStream = (stream) => {
    stream.session?.settings({ maxConcurrentStreams: 0 }, () => held.push(stream))
  }
  const answers: Promise<Response>[] = []
  for (let count = 1; count <= 3; count += 1) {
    answers.push(gateway.call('/stopping'))
    await until(() => held.length, count)
  }
  t.equal(stopping.sessions.size, 3, 'later requests use other connections')
  for (const stream of held) ok(stream, {})
  const statuses = (await Promise.all(answers)).map(({ status }) => status)
  t.strictSame(statuses, [200, 200, 200])
  t.equal(await until(() => stopping.sessions.size, 0), 0)
})

t.test(
  'a request that was not sent before its service accepts none is sent elsewhere',
  async (t) => {
    const service = await unreadingService(t)
    const monotonicClock = () => performance.now()
    const lines = httpTwoConnections({ connectMs: 5000, monotonicClock, noteFault() {} })
    t.teardown(() => lines.close())
    const ask = (method: 'GET' | 'POST', body: Buffer | Readable | null) =>
      outcome(
        lines,
        { origin: service.url, path: '/', method, body, headers: {}, headersTimeout: 2000 },
        { protocol: 'h2c', keepAliveSeconds: 0, tls: null }
      )
    t.equal(await ask('GET', null), '200 ')
    const asked = await new Promise<Promise<string[]>>((resolve) => {
      // The gateway reads the settings in the same turn, before it sends the requests.
      setImmediate(() => {
        service.acceptNoMore()
        const body = Buffer.from('order')
        resolve(
          Promise.all([ask('GET', null), ask('POST', body), ask('POST', Readable.from([body]))])
        )
      })
    })
    t.strictSame(await asked, ['200 ', '200 ', '200 '])
    t.equal(service.bytes, 10, 'each was sent once')
  }
)
