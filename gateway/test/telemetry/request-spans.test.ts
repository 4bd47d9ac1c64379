import { eventually } from '@gatehouse/fixtures/client'
import { type Collector, collector } from '@gatehouse/fixtures/collector'
import { tracing } from '@gatehouse/tracing/tracing'
import t, { type Test } from 'tap'
import { accessLog } from '../../src/telemetry/access-log.ts'
import { edge } from '../fixtures/edge.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CLIENT_SPAN = '00f067aa0ba902b7'
const sampled = `00-${TRACE}-${CLIENT_SPAN}-01`
const silent = { warn: () => {}, info: () => {} }

async function tracedEdge(t: Test) {
  const collected = await collector(t)
  const lines: string[] = []
  const spans = tracing({
    service: 'gateway',
    endpoint: collected.endpoint,
    log: silent,
    pauseMs: 0
  })
  const logRequest = accessLog({ destination: { write: (line) => lines.push(line) }, samples: {} })
  const gateway = await edge(t, { tracing: spans, logRequest })
  t.teardown(spans.close)
  return { gateway, collected, lines }
}

const several = (collected: Collector, count: number) =>
  eventually(
    async () => collected.spans,
    (spans) => spans.length >= count
  )

t.test(
  'a sampled request has a span of the gateway, and under it one of the service',
  async (t) => {
    const { gateway, collected, lines } = await tracedEdge(t)
    const token = gateway.token()
    await gateway.call('/closed/hello?secret=in-the-query', {
      headers: {
        authorization: `Bearer ${token}`,
        cookie: 'theme=in-the-cookie',
        traceparent: sampled,
        tracestate: 'vendor=opaque'
      }
    })
    const spans = await several(collected, 2)
    const server = spans.find(({ kind }) => kind === 2)
    const client = spans.find(({ kind }) => kind === 3)
    t.match(server, { traceId: TRACE, parentSpanId: CLIENT_SPAN, service: 'gateway', status: {} })
    t.match(server?.attributes, {
      'http.request.method': 'GET',
      'http.response.status_code': '200'
    })
    t.match(client, { traceId: TRACE, parentSpanId: server?.spanId })
    t.match(client?.attributes, { 'server.address': /^http:\/\/127\.0\.0\.1:\d+$/ })
    const { headers } = gateway.upstream.received.at(-1) ?? {}
    t.equal(headers?.traceparent, `00-${TRACE}-${client?.spanId}-01`, 'the service continues it')
    t.equal(headers?.tracestate, 'vendor=opaque')
    t.equal(JSON.parse(lines[0] ?? '').trace_id, TRACE)
    const sent = collected.bodies.join()
    for (const secret of [token, 'in-the-query', 'in-the-cookie']) t.notMatch(sent, secret)
  }
)

t.test('a refused request has a span with the reason’s code, and none of a service', async (t) => {
  const { gateway, collected } = await tracedEdge(t)
  await fetch(`${gateway.url}/closed/hello`, { headers: { traceparent: sampled } })
  const [span] = await several(collected, 1)
  t.match(span?.attributes, { 'http.response.status_code': '401', 'error.type': 'UNAUTHENTICATED' })
  t.equal(collected.spans.length, 1)
})

t.test('a span that no client samples is not recorded, and its trace continues', async (t) => {
  const { gateway, collected, lines } = await tracedEdge(t)
  const unsampled = `00-${TRACE}-${CLIENT_SPAN}-00`
  await gateway.call('/closed/hello', {
    headers: { traceparent: unsampled, authorization: `Bearer ${gateway.token()}` }
  })
  t.equal(gateway.upstream.received.at(-1)?.headers.traceparent, unsampled)
  await gateway.call('/closed/hello', {
    headers: {
      traceparent: 'nonsense',
      tracestate: 'vendor=opaque',
      authorization: `Bearer ${gateway.token()}`
    }
  })
  const { traceparent = '', tracestate } = gateway.upstream.received.at(-1)?.headers ?? {}
  t.match(traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  t.equal(tracestate, undefined, 'it belonged to no trace')
  t.equal(JSON.parse(lines[1] ?? '').trace_id, String(traceparent).slice(3, 35), 'the log has it')
  await gateway.call('/closed/hello', {
    headers: { traceparent: sampled, authorization: `Bearer ${gateway.token()}` }
  })
  await several(collected, 2)
  t.ok(collected.spans.every(({ parentSpanId }) => parentSpanId !== ''))
  t.equal(collected.spans.length, 2, 'the sampled request only')
})
