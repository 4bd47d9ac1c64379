import { once } from 'node:events'
import { connect } from 'node:net'
import { eventually } from '@gatehouse/fixtures/client'
import { Registry } from 'prom-client'
import t from 'tap'
import { edge } from '../fixtures/edge.ts'

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
