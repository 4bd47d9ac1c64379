import t from 'tap'
import { reportSightings } from '../src/report-sightings.ts'
import type { Sighting } from '../src/sighting.ts'

const seen = (sid: string, generation = 1): Sighting => ({ subject: 'ada', sid, generation })
const numbered = (count: number) => Array.from({ length: count }, (_, at) => seen(`s${at}`))
/** longer than any test waits, so that only `close` or the test itself starts a report */
const NEVER_MS = 2 ** 30

// The report's own timer does not keep a process running.
const awake = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(awake))

/** A report whose store the test can make unreachable. */
function reporting(options: { collectMs?: number; mostKept?: number } = {}) {
  const calls: (readonly Sighting[])[] = []
  const faults: unknown[] = []
  const store = { isAway: false }
  let waiting: (() => void) | null = null
  const report = reportSightings({
    ...options,
    onFault: (error) => faults.push(error),
    async take(batch) {
      waiting?.()
      if (store.isAway) throw new Error('away')
      calls.push(batch)
    }
  })
  /** Resolves at the next attempt to report. */
  const attempt = () => new Promise<void>((resolve) => (waiting = resolve))
  return { report, calls, faults, store, attempt }
}

t.test('sightings are collected, the newest generation of each session', async (t) => {
  const { report, calls } = reporting({ collectMs: NEVER_MS })
  for (const one of [seen('a', 2), seen('b'), seen('a', 3), seen('a', 1)]) report.note(one)
  t.strictSame(calls, [], 'no request waits for the store')
  await report.close()
  t.strictSame(calls, [[seen('a', 3), seen('b')]])
})

t.test('sightings are reported in the background', async (t) => {
  const { report, calls, attempt } = reporting({ collectMs: 1 })
  for (const sid of ['a', 'b']) {
    const reported = attempt()
    report.note(seen(sid))
    await reported
  }
  await report.close()
  t.strictSame(calls, [[seen('a')], [seen('b')]])
})

t.test('no call has more than five hundred sightings', async (t) => {
  const { report, calls } = reporting({ collectMs: NEVER_MS })
  for (const one of numbered(1200)) report.note(one)
  await report.close()
  t.strictSame(
    calls.map(({ length }) => length),
    [500, 500, 200]
  )
})

t.test(
  'while the store is unreachable, sightings are kept, and the outage is reported once',
  async (t) => {
    const { report, calls, faults, store, attempt } = reporting({ collectMs: 1 })
    store.isAway = true
    report.note(seen('a', 4))
    await attempt()
    report.note(seen('a', 5))
    await attempt()
    await attempt()
    t.equal(faults.length, 1)
    store.isAway = false
    await attempt()
    await report.close()
    t.strictSame(calls, [[seen('a', 5)]])
  }
)

t.test('a long outage costs a limited amount of memory', async (t) => {
  const { report, calls } = reporting({ collectMs: NEVER_MS, mostKept: 3 })
  for (const one of numbered(10)) report.note(one)
  report.note(seen('s1', 9))
  await report.close()
  t.strictSame(calls, [[seen('s0'), seen('s1', 9), seen('s2')]], 'known sessions are kept')
})

t.test('an unreachable store does not delay the end of the process', async (t) => {
  const { report, store, calls } = reporting({ collectMs: NEVER_MS })
  store.isAway = true
  report.note(seen('a'))
  await report.close()
  t.strictSame(calls, [])
})
