import { eventually } from '@gatehouse/fixtures/client'
import { collector } from '@gatehouse/fixtures/collector'
import { tracing } from '@gatehouse/tracing/tracing'
import { Registry } from 'prom-client'
import t from 'tap'
import { accessLog } from '../../src/telemetry/access-log.ts'
import { edge } from '../fixtures/edge.ts'
import { ask, askedFromHere, bearer, subrequest } from './fixtures/subrequest.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const lines: Record<string, unknown>[] = []
const metrics = new Registry()
const collected = await collector(t)
const spans = tracing({
  service: 'gateway',
  endpoint: collected.endpoint,
  log: { warn: () => {}, info: () => {} },
  pauseMs: 0
})
t.teardown(() => spans.close())
const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
const gateway = await edge(t, {
  ...askedFromHere,
  metrics,
  tracing: spans,
  logRequest: accessLog({ destination, samples: {} })
})

const next = async () => {
  await eventually(
    async () => lines.length,
    (count) => count > 0
  )
  return lines.shift() ?? {}
}

t.test('the access log has the described request, and the proxy that asked', async (t) => {
  const asked = { method: 'DELETE', target: '/closed/things?token=secret' }
  await ask(gateway, asked, bearer(gateway.token()))
  const line = await next()
  t.match(line, {
    msg: 'verification',
    'http.request.method': 'DELETE',
    'url.path': '/closed/things',
    'http.route': 'closed',
    'http.response.status_code': 200,
    'user.id': 'user-1',
    'client.address': '198.51.100.7',
    'network.peer.address': '127.0.0.1'
  })
  t.notMatch(JSON.stringify(line), 'secret')
  t.equal(line['upstream.address'], undefined, 'no service was asked')
  await ask(gateway, { target: '/closed' })
  t.match(await next(), { msg: 'verification', 'error.type': 'UNAUTHENTICATED' })
  await subrequest(gateway, { lines: [] })
  t.match(await next(), {
    'url.path': '/verify',
    'error.type': 'INVALID_REQUEST',
    reason: 'the description of a request'
  })
})

t.test('decisions are counted apart from the requests that are served', async (t) => {
  const text = await metrics.metrics()
  const counted = (name: string, labels: string) => new RegExp(`^${name}\\{${labels}\\} 1$`, 'm')
  const decided = 'gateway_verification_duration_seconds_count'
  t.match(text, counted(decided, 'route="closed",method="DELETE",status="2xx"'))
  t.match(text, counted(decided, 'route="closed",method="GET",status="4xx"'))
  t.match(text, counted(decided, 'route="none",method="GET",status="4xx"'))
  t.match(text, counted('gateway_refusals_total', 'route="closed",code="UNAUTHENTICATED"'))
  t.notMatch(text, /^gateway_request_duration_seconds_count/m)
})

t.test('connections of proxies are counted apart from those of clients', async (t) => {
  await ask(gateway, { target: '/closed' }, bearer(gateway.token()))
  const text = await metrics.metrics()
  t.match(text, /^gateway_verify_connections [1-9]\d*$/m)
  t.match(text, /^gateway_connections 0$/m)
  t.match(text, /^gateway_verify_connections_limit [1-9]\d*$/m)
})

t.test('a sampled decision is a span, which the span of the service belongs to', async (t) => {
  const sampled = `traceparent: 00-${TRACE}-00f067aa0ba902b7-01`
  const lines = [...bearer(gateway.token()), sampled]
  const { headers } = await ask(gateway, { method: 'PUT', target: '/closed' }, lines)
  const [span] = await eventually(
    async () => collected.spans,
    (found) => found.length > 0
  )
  t.match(span, { traceId: TRACE, name: 'verify PUT closed', kind: 2 })
  t.equal(headers.traceparent, `00-${TRACE}-${span?.spanId}-01`)
  t.equal(collected.spans.length, 1, 'no service was asked')
})
