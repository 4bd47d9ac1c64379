import { roomLog } from '@gatehouse/http-service/room-log'
import { buildOps, type Check } from '@gatehouse/room/ops-listener'
import { Counter, Registry } from 'prom-client'
import t from 'tap'

const ops = (checks: Record<string, Check>, metrics = new Registry()) =>
  buildOps({ log: roomLog('ops', 'silent'), metrics, checks })

const away: Check = async () => 'no answer for 7 s'
const well: Check = () => null

t.test('a process is alive, ready or not', async (t) => {
  const answer = await ops({ store: away }).inject({ url: '/healthz' })
  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), { status: 'alive' })
})

t.test('a process is ready when every check holds', async (t) => {
  const answer = await ops({ store: well, keys: async () => null }).inject({ url: '/readyz' })
  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), { status: 'ready', failing: {} })
})

t.test('a process that is not ready names the failing checks, and only those', async (t) => {
  const checks = { store: away, keys: well, revocations: () => 'not read yet' }
  const answer = await ops(checks).inject({ url: '/readyz' })
  t.equal(answer.statusCode, 503)
  t.strictSame(answer.json(), {
    status: 'not ready',
    failing: { store: 'no answer for 7 s', revocations: 'not read yet' }
  })
})

t.test('a process that does its work with less is ready, and says so', async (t) => {
  const checks = { keys: well, revocations: () => ({ degraded: 'the last heartbeat is 7 s old' }) }
  const degraded = { revocations: 'the last heartbeat is 7 s old' }
  const answer = await ops(checks).inject({ url: '/readyz' })
  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), { status: 'degraded', failing: {}, degraded })
  const other = await ops({ ...checks, store: away }).inject({ url: '/readyz' })
  t.equal(other.statusCode, 503)
  const failing = { store: 'no answer for 7 s' }
  t.strictSame(other.json(), { status: 'not ready', failing, degraded })
})

t.test('a check that throws is a failing one, and keeps its words to itself', async (t) => {
  const throws = () => {
    throw new Error('redis://ada:hunter2@store')
  }
  const rejects = async () => throws()
  const answer = await ops({ throws, rejects, well }).inject({ url: '/readyz' })
  t.equal(answer.statusCode, 503)
  const words = 'the check itself failed'
  t.strictSame(answer.json().failing, { throws: words, rejects: words })
})

t.test('each question is asked anew', async (t) => {
  let fault: string | null = 'not yet'
  const listener = ops({ store: () => fault })
  t.equal((await listener.inject({ url: '/readyz' })).statusCode, 503)
  fault = null
  t.equal((await listener.inject({ url: '/readyz' })).statusCode, 200)
})

t.test('the figures are text that Prometheus reads', async (t) => {
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

t.test('there is nothing else, and it only answers', async (t) => {
  t.equal((await ops({}).inject({ url: '/' })).statusCode, 404)
  const answer = await ops({}).inject({ method: 'POST', url: '/healthz' })
  t.equal(answer.statusCode, 405)
  t.equal(answer.headers.allow, 'GET, HEAD')
})
