import { spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { buildService } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import type { Check } from '@gatehouse/process/findings'
import { listen } from '@gatehouse/process/listen'
import { buildOps } from '@gatehouse/process/ops-listener'
import { Counter, Registry } from 'prom-client'
import t from 'tap'

const log = serviceLog('ops', 'silent')
const ops = (
  checks: Record<string, Check>,
  metrics = new Registry(),
  service = buildService({ log })
) => buildOps({ log, metrics, checks, service })

const away: Check = async () => ({ failing: 'no answer', ageSeconds: 7.04 })
const well: Check = () => ({ ageSeconds: 0 })
const stale: Check = () => ({ degraded: 'no heartbeat', ageSeconds: 12 })
const unread: Check = () => ({ failing: 'not read yet', ageSeconds: Number.POSITIVE_INFINITY })

t.test('a process is alive whether or not it is ready', async (t) => {
  const answer = await ops({ store: away }).inject({ url: '/healthz' })
  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), { status: 'alive' })
})

t.test('a process is ready when every check holds', async (t) => {
  const answer = await ops({ store: well, keys: async () => ({ ageSeconds: 3 }) }).inject({
    url: '/readyz'
  })
  t.equal(answer.statusCode, 200)
  const ageSeconds = { store: 0, keys: 3 }
  t.strictSame(answer.json(), { status: 'ready', failing: {}, ageSeconds })
})

t.test('a process that is not ready names the failing checks, and only those', async (t) => {
  const checks = { store: away, keys: well, revocations: unread }
  const answer = await ops(checks).inject({ url: '/readyz' })
  t.equal(answer.statusCode, 503)
  t.strictSame(answer.json(), {
    status: 'not ready',
    failing: { store: 'no answer', revocations: 'not read yet' },
    ageSeconds: { store: 7, keys: 0, revocations: null }
  })
})

t.test('a degraded process is ready, and says so', async (t) => {
  const checks = { keys: well, revocations: stale }
  const degraded = { revocations: 'no heartbeat' }
  const answer = await ops(checks).inject({ url: '/readyz' })
  t.equal(answer.statusCode, 200)
  const ageSeconds = { keys: 0, revocations: 12 }
  t.strictSame(answer.json(), { status: 'degraded', failing: {}, degraded, ageSeconds })
  const other = await ops({ ...checks, store: away }).inject({ url: '/readyz' })
  t.equal(other.statusCode, 503)
  const failing = { store: 'no answer' }
  const ages = { ...ageSeconds, store: 7 }
  t.strictSame(other.json(), { status: 'not ready', failing, degraded, ageSeconds: ages })
})

t.test('a draining process stops being ready at once, whatever its checks find', async (t) => {
  const service = buildService({ log })
  const listener = ops({ store: stale }, new Registry(), service)
  service.draining.begin()
  const answer = await listener.inject({ url: '/readyz' })
  t.equal(answer.statusCode, 503)
  t.match(answer.json(), { status: 'draining', failing: { draining: 'the process is ending' } })
  t.equal((await listener.inject({ url: '/healthz' })).statusCode, 200, 'it is alive')
})

t.test('a check that throws fails, and its message is not shown', async (t) => {
  const throws = () => {
    throw new Error('redis://ada:hunter2@store')
  }
  const rejects = async () => throws()
  const answer = await ops({ throws, rejects, well }).inject({ url: '/readyz' })
  t.equal(answer.statusCode, 503)
  const words = 'the check itself failed'
  t.strictSame(answer.json().failing, { throws: words, rejects: words })
})

t.test('readiness checks run for each request', async (t) => {
  let found = unread
  const listener = ops({ store: () => found() })
  t.equal((await listener.inject({ url: '/readyz' })).statusCode, 503)
  found = well
  t.equal((await listener.inject({ url: '/readyz' })).statusCode, 200)
})

t.test('the metrics have the text format of Prometheus', async (t) => {
  const metrics = new Registry()
  const help = 'Refusals by code'
  const refusals = new Counter({
    name: 'refusals_total',
    help,
    labelNames: ['code'],
    registers: []
  })
  metrics.registerMetric(refusals)
  refusals.inc({ code: 'FORBIDDEN' }, 3)
  const answer = await ops({}, metrics).inject({ url: '/metrics' })
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^text\/plain; version=0\.0\.4/)
  t.match(answer.body, /^# TYPE refusals_total counter$/m)
  t.match(answer.body, /^refusals_total\{code="FORBIDDEN"\} 3$/m)
})

t.test('any other path gets 404, and any other method gets 405', async (t) => {
  t.equal((await ops({}).inject({ url: '/' })).statusCode, 404)
  const answer = await ops({}).inject({ method: 'POST', url: '/healthz' })
  t.equal(answer.statusCode, 405)
  t.equal(answer.headers.allow, 'GET, HEAD')
})

t.test('a page that uses its own DNS name cannot read the listener (DNS rebinding)', async (t) => {
  const listener = buildOps({
    log,
    metrics: new Registry(),
    checks: { well },
    service: buildService({ log }),
    hosts: ['gateway.prod.svc']
  })
  const statusOf = async (url: string, host: string) =>
    (await listener.inject({ url, headers: { host } })).statusCode
  for (const url of ['/metrics', '/readyz']) {
    for (const host of ['a.example', 'a.example:3900', '127.0.0.1.a.example', 'localhost.']) {
      t.equal(await statusOf(url, host), 403, `${url} of ${host}`)
    }
    for (const host of [
      '127.0.0.1',
      '[::1]:3900',
      'localhost:3900',
      'gateway',
      'Gateway.prod.SVC:1'
    ]) {
      t.equal(await statusOf(url, host), 200, `${url} of ${host}`)
    }
  }
  t.equal(await statusOf('/healthz', 'a.example'), 200, '/healthz answers any host')
})

t.test('a probe of HTTP/1.0 names no host', async (t) => {
  const listener = ops({})
  t.teardown(() => listener.close())
  const url = await listen(listener, { host: '127.0.0.1', port: 0 })
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
  socket.end('GET /readyz HTTP/1.0\r\n\r\n')
  t.match(await text(socket), /^HTTP\/1\.1 200 /)
})

t.test('a health check that fails says why', async (t) => {
  const check = fileURLToPath(new URL('../../src/probe/main.ts', import.meta.url))
  for (const [listener, fault] of [
    ['AUTH', /^http:\/\/127\.0\.0\.1:1\/readyz: .*ECONNREFUSED.*\n$/],
    ['AUTHOPS', /^name a listener: one of GATEWAY, AUTH, .*\n$/]
  ] as const) {
    const words = ['--disable-warning=ExperimentalWarning', check, listener]
    const env = { ...process.env, AUTH_PORT: '1' }
    const { status, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' })
    t.equal(status, 1)
    t.match(stderr, fault)
  }
})
