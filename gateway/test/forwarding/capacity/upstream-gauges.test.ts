import { once } from 'node:events'
import { connect } from 'node:net'
import { eventually } from '@gatehouse/fixtures/client'
import { Registry } from 'prom-client'
import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { upstream } from '../../fixtures/upstream.ts'
import { httpTwoService } from '../fixtures/http-two-service.ts'

const GET = 'GET /open HTTP/1.1\r\nHost: a\r\n\r\n'

t.test('the metrics show the connections and the capacity in use', async (t) => {
  const metrics = new Registry()
  const gateway = await edge(t, { metrics, connections: 50 })
  const gauge = async (name: string) => {
    const found = await metrics.getSingleMetric(`gateway_${name}`)?.get()
    return found?.values.reduce((sum, { value }) => sum + value, 0)
  }
  t.equal(await gauge('connections'), 0)
  t.equal(await gauge('connections_limit'), 50)
  gateway.upstream.answer = () => {}
  const client = connect({ port: gateway.port, host: '127.0.0.1' }).on('error', () => {})
  const reached = once(gateway.upstream.server, 'request')
  client.write(GET)
  await reached
  t.equal(await gauge('connections'), 1)
  t.equal(await gauge('upstream_requests'), 1)
  t.equal(await gauge('upstream_websockets'), 0)
  t.equal(await gauge('upstream_available'), 1)
  client.destroy()
  const isFree = (count: number | undefined) => count === 0
  t.ok(isFree(await eventually(() => gauge('upstream_requests'), isFree)))
  t.ok(isFree(await eventually(() => gauge('connections'), isFree)))
})

t.test(
  'an address that the route table no longer names is forgotten, with its connections',
  async (t) => {
    const metrics = new Registry()
    const [one, two] = [await upstream(t), await httpTwoService(t)]
    const gateway = await edge(t, {
      metrics,
      upstreams: `
  one: '${one.url}'
  two: { addresses: ['${two.url}'], protocol: h2c }
`,
      routes: `
  - { name: one, prefix: /one, upstream: one, access: public }
  - { name: two, prefix: /two, upstream: two, access: public }
`
    })
    const addresses = async () => {
      const found = await metrics.getSingleMetric('gateway_upstream_requests')?.get()
      return (found?.values ?? []).map(({ labels }) => labels.address)
    }
    const connections = () =>
      new Promise<number>((resolve) => one.server.getConnections((_, count) => resolve(count)))
    const answers = await Promise.all(['/one', '/two'].map((path) => gateway.call(path)))
    await Promise.all(answers.map((answer) => answer.text()))
    one.answer = (_request, response) => response.writeHead(200).write('the first part')
    const open = await gateway.call('/one')
    t.strictSame(new Set(await addresses()), new Set([one.url, two.url]))

    gateway.reroute({})
    t.strictSame(await addresses(), [one.url], 'a request is in flight there')
    await open.body?.cancel()
    t.strictSame(await eventually(addresses, ({ length }) => length === 0), [])
    t.equal(await eventually(connections, (count) => count === 0), 0)
    const sessions = async () => two.sessions.size
    t.equal(await eventually(sessions, (count) => count === 0), 0)
  }
)
