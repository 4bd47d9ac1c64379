import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { authority } from '@gatehouse/fixtures/certificates'
import { eventually } from '@gatehouse/fixtures/client'
import { Refusal } from '@gatehouse/problem/refusal'
import t, { type Test } from 'tap'
import { testIdentities } from '../src/testing.ts'
import { type HeaderSource, problemAnswer, verifyAssertion } from '../src/verify-assertion.ts'

const { options, headersFor } = await testIdentities('orders')
const headers = await headersFor({ subject: 'ada', scope: ['orders:read'] })

/** The status with which a request is refused; 200 if it is accepted. */
async function statusOf(given: HeaderSource, changes: object = {}): Promise<number> {
  try {
    await verifyAssertion(given, { ...options, ...changes })
    return 200
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.status
  }
}

/** The keys on a real socket, and how often they were fetched; null: the server does not answer. */
async function published(t: Test, status = 200, keys: unknown = options.gatewayKeys) {
  const asked: string[] = []
  let current = keys
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (current === null) return
    response.writeHead(status).end(JSON.stringify(current))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const publish = (others: unknown) => {
    current = others
  }
  const reset = () => server.closeAllConnections()
  return {
    asked,
    publish,
    reset,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  }
}

t.test('equal gatewayKeys are fetched once for all calls', async (t) => {
  const { asked, url } = await published(t)
  for (let call = 0; call < 5; call += 1) {
    t.equal(await statusOf(headers, { gatewayKeys: url }), 200)
    t.equal(await statusOf(headers, { gatewayKeys: [url] }), 200)
    t.equal(await statusOf(headers, { gatewayKeys: url, audience: 'billing' }), 401)
  }
  t.equal(asked.length, 2, 'once as an address, and once as a list')
})

t.test('while the keys cannot be fetched, a request is refused with 503', async (t) => {
  const { url } = await published(t, 500)
  const refused = await verifyAssertion(headers, { ...options, gatewayKeys: url }).catch(
    (error: unknown) => problemAnswer(error, { 'x-request-id': 'abc' })
  )
  t.match(refused, { status: 503, headers: { 'retry-after': '1' } })
  t.match(JSON.parse((refused as { body: string }).body), {
    code: 'UNAVAILABLE',
    requestId: 'abc',
    retryable: true
  })
})

t.test('a key set without end is refused with 503 at its first megabyte', async (t) => {
  const { url, publish } = await published(t)
  publish({ keys: [], padding: 'x'.repeat(2 * 1024 * 1024) })
  t.equal(await statusOf(headers, { gatewayKeys: url }), 503)
})

t.test('a gateway that hangs delays no request whose key is known', async (t) => {
  const { now } = Date
  let laterMs = 0
  t.intercept(Date, 'now', { value: () => now() + laterMs })
  const { url, publish, asked, reset } = await published(t)
  const call = () => statusOf(headers, { gatewayKeys: url, clock: now })
  t.equal(await call(), 200)
  publish(null)
  laterMs = 6 * 60_000
  t.equal(await call(), 200, 'while the set is fetched again in the background')
  await eventually(
    async () => asked.length,
    (times) => times === 2
  )
  reset()
  laterMs = 11 * 60_000
  // The failure is known when the next fetch begins, a second later.
  const isAgain = async () => {
    t.equal(await call(), 200, 'and while the gateway is known not to answer')
    return asked.length
  }
  t.equal(await eventually(isAgain, (times) => times === 3, 10_000), 3)
})

t.test(
  'a key listener that switches protocols or informs without end is an outage, and no longer',
  async (t) => {
    const ca = await authority(t)
    const files = await ca.issue('localhost', ['127.0.0.1'])
    const [cert, key] = [readFileSync(files.cert), readFileSync(files.key)]
    let asked = 0
    const server = createTlsServer({ cert, key }, (_request, response) => {
      asked += 1
      if (asked === 1) {
        response.writeHead(101, { connection: 'upgrade', upgrade: 'x' }).end()
        return
      }
      if (asked === 2) for (let hints = 0; hints < 11; hints += 1) response.writeProcessing()
      response.end(JSON.stringify(options.gatewayKeys))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => server.close())
    const { port } = server.address() as AddressInfo
    const gatewayKeys = { url: `https://127.0.0.1:${port}/keys`, tls: { caFile: ca.file } }
    t.equal(await statusOf(headers, { gatewayKeys }), 503)
    const nowMs = performance.now()
    t.intercept(performance, 'now', { value: () => nowMs + 2000 })
    t.equal(await statusOf(headers, { gatewayKeys }), 503, 'eleven responses of 1xx')
    t.intercept(performance, 'now', { value: () => nowMs + 10_000 })
    t.equal(await statusOf(headers, { gatewayKeys }), 200, 'after the pause')
  }
)

t.test('after the clock is set back, the key of a new gateway is fetched', async (t) => {
  const { now } = Date
  let aheadMs = 3_600_000
  t.intercept(Date, 'now', { value: () => now() + aheadMs })
  const { url, publish } = await published(t, 200, { keys: [] })
  const call = () => statusOf(headers, { gatewayKeys: url, clock: now })
  t.equal(await call(), 401, 'before the gateway has published its key')
  publish(options.gatewayKeys)
  aheadMs = 0
  t.equal(await call(), 200)
})
