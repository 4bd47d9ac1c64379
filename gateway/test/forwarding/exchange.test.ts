import { eventually } from '@gatehouse/fixtures/client'
import t, { type Test } from 'tap'
import { type EdgeOptions, edge } from '../fixtures/edge.ts'
import { sendBytes } from '../fixtures/raw-client.ts'
import { hasReceived, type Upstream, upstream } from '../fixtures/upstream.ts'

/** A gateway in front of a service with several addresses. Nothing listens at some of them. */
async function several(t: Test, count: number, route = '', options: EdgeOptions = {}) {
  const services = await Promise.all(Array.from({ length: count }, () => upstream(t)))
  const addresses = services.map(({ url }) => url).join(', ')
  const gateway = await edge(t, {
    upstreams: `  many: { addresses: [${addresses}] }`,
    routes: `
  - { name: many, prefix: /many, upstream: many, access: public${route} }
`,
    ...options
  })
  const total = () => services.reduce((sum, { received }) => sum + received.length, 0)
  const ask = (init?: RequestInit) => fetch(`${gateway.url}/many`, init)
  return { gateway, services, total, ask }
}

const drop = (service: Upstream) => {
  service.answer = (request) => request.socket.destroy()
}

t.test('requests go to all the addresses of a service', async (t) => {
  const { services, ask } = await several(t, 3)
  for (let index = 0; index < 30; index += 1) await ask()
  t.strictSame(
    services.map(({ received }) => received.length),
    [10, 10, 10]
  )
})

t.test('an unreachable address costs no request', async (t) => {
  const { services, ask, total } = await several(t, 3)
  services[1]?.stop()
  for (const init of [{}, { method: 'POST', body: 'order' }, { method: 'DELETE' }]) {
    for (let index = 0; index < 20; index += 1) t.equal((await ask(init)).status, 200)
  }
  t.equal(total(), 60, 'each of them once')
})

t.test('an upload that reached no address is sent to another one, whole and once', async (t) => {
  for (const body of ['order', 'x'.repeat(300_000)]) {
    const { services, ask, total } = await several(t, 2)
    services[0]?.stop()
    for (const method of ['POST', 'PUT']) t.equal((await ask({ method, body })).status, 200)
    t.equal(total(), 2)
    t.ok(services[1]?.received.every((one) => one.body === body))
  }
  const { services, ask, total } = await several(t, 2)
  for (const service of services) drop(service)
  t.equal((await ask({ method: 'POST', body: 'x'.repeat(300_000) })).status, 502)
  t.equal(total(), 1, 'one that was sent is not sent again')
  for (const service of services) service.stop()
  t.equal((await ask({ method: 'POST', body: 'order' })).status, 502)
})

t.test(
  'a request that may have been executed is repeated only if it is safe and the route allows it',
  async (t) => {
    const { services, ask, total } = await several(t, 1, ', retries: 2')
    for (const service of services) drop(service)
    t.equal((await ask({ method: 'POST', body: 'order' })).status, 502)
    t.equal(total(), 1, 'POST once')
    t.equal((await ask()).status, 502)
    t.equal(total(), 4, 'GET three times')
  }
)

t.test('a GET whose connection breaks is answered by another address', async (t) => {
  const { services, ask } = await several(t, 2, ', retries: 1')
  const [first] = services
  if (first === undefined) throw new Error('there are two')
  drop(first)
  for (let index = 0; index < 10; index += 1) t.equal((await ask()).status, 200)
  t.ok(first.received.length < 3, 'and the one that breaks off is left alone')
})

const MANY = '\n  - { name: many, prefix: /many, upstream: many, access: public }\n'

t.test('after a reload of the table, only its addresses get requests', async (t) => {
  const [before, after] = await Promise.all([upstream(t), upstream(t)])
  const many = ({ url }: { url: string }) => ({
    upstreams: `  many: { addresses: ['${url}'], health: { path: /healthz, intervalSeconds: 0.05 } }`,
    routes: MANY
  })
  const gateway = await edge(t, many(before))
  await hasReceived(t, before, 1)
  gateway.reroute(many(after))
  await hasReceived(t, after, 3)
  const asked = before.received.length
  const more = after.received.length + 3
  await hasReceived(t, after, more)
  t.equal(before.received.length, asked)
})

t.test('an unhealthy address gets no requests until it recovers', async (t) => {
  const services = await Promise.all([upstream(t), upstream(t)])
  let ill = true
  for (const service of services) {
    service.answer = ({ url }, response) => {
      const sick = service === services[0] && ill && url === '/healthz'
      response.writeHead(sick ? 503 : 200).end()
    }
  }
  const checks = '{ path: /healthz, intervalSeconds: 0.05, unhealthyAfter: 2 }'
  const addresses = services.map(({ url }) => url).join(', ')
  const gateway = await edge(t, {
    upstreams: `  many: { addresses: [${addresses}], health: ${checks} }`,
    routes: MANY
  })
  const asked = () => services[0]?.received.filter(({ target }) => target === '/many').length ?? 0
  const round = async () => {
    const before = asked()
    for (let index = 0; index < 6; index += 1) await fetch(`${gateway.url}/many`)
    return asked() - before
  }
  t.equal(await eventually(round, (count) => count === 0, 30_000), 0)
  t.equal(await round(), 0)
  ill = false
  t.equal(await eventually(round, (count) => count === 3, 30_000), 3, 'half of the requests again')
})

t.test(
  'a client that expects 100-continue is asked for its body when the request may pass',
  async (t) => {
    const gateway = await edge(t)
    const post = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`
    t.match(await sendBytes(gateway.port, post('/open')), /^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    const refused = await sendBytes(
      gateway.port,
      `${post('/closed')}GET /open/smuggled HTTP/1.1\r\n\r\n`
    )
    t.match(refused, /^HTTP\/1\.1 401 /, 'refused on a route that does not allow it')
    t.match(
      refused.toLowerCase(),
      '\r\nconnection: close\r\n',
      'what follows is not read as a request'
    )
    t.notOk(gateway.upstream.received.some(({ target }) => target.includes('smuggled')))
    const whole = await sendBytes(gateway.port, `${post('/open')}hello`)
    t.match(whole, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
    t.equal(gateway.upstream.received.at(-1)?.body, 'hello')
  }
)
