import { Histogram, Registry } from 'prom-client'
import t from 'tap'
import { Durations } from '../../src/telemetry/durations.ts'

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
