import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { eventually } from '@gatehouse/fixtures/client'
import { collector } from '@gatehouse/fixtures/collector'
import { buildService } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import t, { type Test } from 'tap'
import { exportSpans } from '../src/export-spans.ts'
import type { Span } from '../src/span.ts'
import { traceService } from '../src/trace-service.ts'
import { tracing } from '../src/tracing.ts'

const span: Span = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentId: '1111111111111111',
  name: 'GET orders',
  kind: 'server',
  startedMs: 1000,
  endedMs: 1002.5,
  failed: true,
  attributes: { 'http.route': 'orders', 'http.response.status_code': 502, 'error.type': undefined }
}

async function exporting(t: Test, options: { pauseMs?: number; mostWaiting?: number } = {}) {
  const { bodies, answerWith, endpoint } = await collector(t)
  const lines: string[] = []
  const line = (fields: object, message: string) => {
    lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const log = { warn: line, info: line }
  const spans = exportSpans({ service: 'gateway', endpoint, log, pauseMs: 0, ...options })
  return { bodies, answerWith, lines, log, spans }
}

const spansIn = (body = '') => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans

t.test('spans arrive as OTLP describes them', async (t) => {
  const { spans, bodies } = await exporting(t)
  spans.add(span)
  await eventually(
    async () => bodies.length,
    (length) => length > 0
  )
  await spans.close()
  const { resourceSpans } = JSON.parse(bodies[0] ?? '')
  const start = BigInt(Math.round((performance.timeOrigin + 1000) * 1000)) * 1000n
  t.match(resourceSpans[0].resource, {
    attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }]
  })
  t.strictSame(spansIn(bodies[0]), [
    {
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentId,
      name: 'GET orders',
      kind: 2,
      startTimeUnixNano: String(start),
      endTimeUnixNano: String(start + 2_500_000n),
      attributes: [
        { key: 'http.route', value: { stringValue: 'orders' } },
        { key: 'http.response.status_code', value: { intValue: '502' } }
      ],
      status: { code: 2 }
    }
  ])
})

t.test('a process that ends exports what is waiting, in bounded batches', async (t) => {
  const { spans, bodies } = await exporting(t, { pauseMs: 3_600_000 })
  for (let count = 0; count < 600; count += 1) spans.add(span)
  await spans.close()
  t.strictSame(
    bodies.map((body) => spansIn(body).length),
    [512, 88]
  )
})

t.test('full batches are exported one after the other, without a pause', async (t) => {
  const { spans, bodies } = await exporting(t, { pauseMs: 3_600_000 })
  for (let count = 0; count < 1600; count += 1) spans.add(span)
  await eventually(
    async () => bodies.length,
    (length) => length === 3
  )
  await spans.close()
  t.strictSame(
    bodies.map((body) => spansIn(body).length),
    [512, 512, 512, 64]
  )
})

t.test('if more spans come than a healthy collector takes, the log says so once', async (t) => {
  const { spans, bodies, lines } = await exporting(t, { pauseMs: 3_600_000 })
  for (let count = 0; count < 3000; count += 1) spans.add(span)
  await eventually(
    async () => bodies.length,
    (length) => length === 5
  )
  await spans.close()
  t.strictSame(lines, ['spans are dropped: the collector is too slow {"dropped":440}'])
})

t.test('the queue is bounded: later spans are dropped', async (t) => {
  const { spans, bodies } = await exporting(t, { pauseMs: 3_600_000, mostWaiting: 3 })
  for (let count = 0; count < 50; count += 1) spans.add(span)
  await spans.close()
  t.strictSame(
    bodies.map((body) => spansIn(body).length),
    [3]
  )
})

t.test('an outage of the collector is one line, and its end is one', async (t) => {
  const { spans, lines, bodies, answerWith } = await exporting(t)
  answerWith(503)
  const attempt = async (count: number): Promise<void> => {
    spans.add(span)
    await eventually(
      async () => bodies.length,
      (length) => length >= count
    )
  }
  await attempt(1)
  await eventually(
    async () => lines.length,
    (length) => length === 1
  )
  await attempt(2)
  await attempt(3)
  answerWith(200)
  await attempt(4)
  await eventually(
    async () => lines.length,
    (length) => length === 2
  )
  await spans.close()
  t.equal(lines[0], 'traces cannot be exported {"cause":"the collector answered 503"}')
  t.match(lines[1], /^traces are exported again \{"dropped":[123]\}$/)
  t.equal(lines.length, 2)
})

t.test('a collector that is not there costs one line and no time at the end', async (t) => {
  const { log, lines } = await exporting(t)
  const spans = exportSpans({ service: 'auth', endpoint: 'http://127.0.0.1:1', log, pauseMs: 0 })
  for (let count = 0; count < 5000; count += 1) spans.add(span)
  await eventually(
    async () => lines.length,
    (length) => length > 0
  )
  await spans.close()
  t.equal(lines.length, 1)
  t.match(lines[0], /^traces cannot be exported/)
})

t.test('a pipelined request that is not sampled is not in the trace before it', async (t) => {
  const { endpoint } = await collector(t)
  const traces = tracing({ service: 'auth', endpoint, log: { warn() {}, info() {} } })
  const service = buildService({ log: serviceLog('auth', 'silent') })
  traceService(service, traces)
  service.post('/span', async () => {
    await new Promise(setImmediate)
    return `trace ${traces.current()?.traceId ?? 'none'};`
  })
  await service.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => service.close())
  const request = (headers: string) =>
    `POST /span HTTP/1.1\r\nhost: auth\r\n${headers}content-type: application/json\r\n` +
    'content-length: 2\r\n\r\n{}'
  const { port } = service.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const sampled = `traceparent: 00-${span.traceId}-${span.spanId}-01\r\n`
  socket.write([request(sampled), request(''), request('connection: close\r\n')].join(''))
  const found = (await text(socket)).match(/trace \w+;/g)
  t.strictSame(found, [`trace ${span.traceId};`, 'trace none;', 'trace none;'])
  await traces.close()
})
