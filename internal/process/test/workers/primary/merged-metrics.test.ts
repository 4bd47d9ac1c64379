import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import t from 'tap'
import type { MetricSnapshot } from '../../../src/workers/messages.ts'
import { addedCounts, mergedMetrics } from '../../../src/workers/primary/merged-metrics.ts'

type Figures = {
  requests?: number
  open?: number
  age?: number
  trusted?: number
  seconds?: number[]
}

/** The metrics of a process that has counted these. */
function counted({ requests = 0, open = 0, age = 0, trusted = 1, seconds = [] }: Figures) {
  const registry = new Registry()
  const registers = [registry]
  const help = 'for a test'
  const labelNames = ['route'] as const
  new Counter({ name: 'requests_total', help, labelNames, registers }).inc({ route: 'a' }, requests)
  new Gauge({ name: 'open', help, registers }).set(open)
  new Gauge({ name: 'age_seconds', help, registers, aggregator: 'max' }).set(age)
  new Gauge({ name: 'trusted', help, registers, aggregator: 'min' }).set(trusted)
  const buckets = [0.1, 1]
  const duration = new Histogram({ name: 'duration_seconds', help, buckets, registers })
  for (const one of seconds) duration.observe(one)
  return registry.getMetricsAsJSON()
}

const merged = async (alive: Figures[], ended: MetricSnapshot = []) =>
  mergedMetrics([], { alive: await Promise.all(alive.map(counted)), ended })

t.test('counters, histograms and gauges of workers are added up', async (t) => {
  const text = await merged([
    { requests: 3, open: 1, seconds: [0.05, 0.5] },
    { requests: 4, open: 2, seconds: [0.5, 5] }
  ])
  for (const line of [
    '# TYPE requests_total counter',
    'requests_total{route="a"} 7',
    'open 3',
    'duration_seconds_bucket{le="0.1"} 1',
    'duration_seconds_bucket{le="1"} 3',
    'duration_seconds_bucket{le="+Inf"} 4',
    'duration_seconds_sum 6.05',
    'duration_seconds_count 4'
  ]) {
    t.ok(text.split('\n').includes(line), line)
  }
})

t.test('a gauge is merged as its definition says', async (t) => {
  const text = await merged([
    { age: 3, trusted: 1 },
    { age: Number.POSITIVE_INFINITY, trusted: 0 }
  ])
  t.match(text, /^age_seconds \+Inf$/m, 'the oldest')
  t.match(text, /^trusted 0$/m, 'the worst')
})

t.test('the counts of workers that have ended stay, and their gauges do not', async (t) => {
  const first = addedCounts([], await counted({ requests: 3, open: 5, seconds: [0.5] }))
  const ended = addedCounts(first, await counted({ requests: 2, open: 5, seconds: [5] }))
  const text = await merged([{ requests: 10, open: 1, seconds: [0.05] }], ended)
  t.match(text, /^requests_total\{route="a"\} 15$/m)
  t.match(text, /^open 1$/m)
  t.match(text, /^duration_seconds_bucket\{le="1"\} 2$/m)
  t.match(text, /^duration_seconds_count 3$/m)
  t.match(await merged([], ended), /^requests_total\{route="a"\} 5$/m, 'even without live workers')
})

t.test('the start is that of the primary process, and the lag that of the slowest', async (t) => {
  const own = new Registry()
  collectDefaultMetrics({ register: own })
  const primary = await own.getMetricsAsJSON()
  const changed = (values: Record<string, number>): MetricSnapshot =>
    primary.map((metric) => {
      const value = values[metric.name]
      return value === undefined ? metric : { ...metric, values: [{ value, labels: {} }] }
    })
  const text = await mergedMetrics(changed({ process_start_time_seconds: 1000 }), {
    alive: [
      changed({ process_start_time_seconds: 2000, nodejs_eventloop_lag_p99_seconds: 0.25 }),
      changed({ process_start_time_seconds: 3000, nodejs_eventloop_lag_p99_seconds: 7 })
    ],
    ended: []
  })
  t.match(text, /^process_start_time_seconds 1000$/m)
  t.match(text, /^nodejs_eventloop_lag_p99_seconds 7$/m)
})
