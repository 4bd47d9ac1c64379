import { Durations } from '@gatehouse/process/durations'
import { Histogram, Registry } from 'prom-client'
import t from 'tap'
import { requestTally } from '../../src/telemetry/request-tally.ts'
import type { Served } from '../../src/telemetry/served.ts'

const buckets = [0.1, 0.5, 1]
const about = { name: 'seconds', help: 'how long', labelNames: ['route', 'method'], buckets }

/** Neither registry has exemplars, and one of the two says so in its JSON. */
async function asJson(registry: Registry): Promise<unknown> {
  const text = JSON.stringify(await registry.getMetricsAsJSON())
  return JSON.parse(text, (name, value) => (name === 'exemplar' ? undefined : value))
}

t.test('durations read like a histogram of prom-client, as text and as JSON', async (t) => {
  const [ours, theirs] = [new Registry(), new Registry()]
  const durations = new Durations({ ...about, registers: [ours] })
  const histogram = new Histogram({ ...about, registers: [theirs] })
  t.equal(await ours.metrics(), await theirs.metrics(), 'before the first one')
  for (const [route, seconds] of [
    ['a', 0.05],
    ['a', 0.1],
    ['b', 0.11],
    ['a', 1],
    ['a', 7]
  ] as const) {
    const labels = { route, method: 'GET' }
    durations.note(route, seconds, () => labels)
    histogram.observe(labels, seconds)
  }
  t.equal(await ours.metrics(), await theirs.metrics())
  t.same(await asJson(ours), await asJson(theirs))
  durations.reset()
  histogram.reset()
  t.equal(await ours.metrics(), await theirs.metrics(), 'after a reset')
})

t.test('the tally for operators counts requests, and how long most of them take', async (t) => {
  let nowMs = 0
  const tally = requestTally(() => nowMs)
  const served = (status: number, code: string | null, seconds: number) =>
    tally.note({ trail: { isWebSocket: false }, status, code, seconds } as unknown as Served)
  t.strictSame(tally.read(), { requests: 0, refusals: 0, serverErrors: 0, p99Seconds: null })
  for (let count = 0; count < 99; count += 1) served(200, null, 0.004)
  served(502, 'UPSTREAM_UNAVAILABLE', 90)
  t.strictSame(tally.read(), { requests: 100, refusals: 0, serverErrors: 1, p99Seconds: 0.005 })
  served(401, 'UNAUTHENTICATED', 0.0005)
  served(200, null, 90)
  t.strictSame(tally.read(), { requests: 102, refusals: 1, serverErrors: 1, p99Seconds: 60 })
  nowMs = 10_000
  t.equal(tally.read().p99Seconds, 60, 'the window before counts as well')
  nowMs = 20_000
  t.equal(tally.read().p99Seconds, null, 'only the last seconds count')
})
