import fc from 'fast-check'
import { Registry } from 'prom-client'
import t from 'tap'
import { storeClock } from '../../src/redis/store-clock.ts'
import { watchClock } from '../../src/redis/watch-clock.ts'

const WAIT_MS = 250

/** A store whose clock is `offsetMs` ahead of a process that counts from 0. */
function world(offsetMs: number) {
  const state = { atMs: 0, offsetMs }
  const clock = storeClock(
    WAIT_MS,
    () => state.atMs,
    () => 1_000_000 + state.atMs
  )
  /** A call whose way there and back takes this long. */
  const call = (thereMs: number, backMs: number) => {
    const sentAtMs = state.atMs
    const storeMs = Math.floor(state.atMs + thereMs + state.offsetMs)
    state.atMs += thereMs + backMs
    clock.heard(storeMs, sentAtMs)
  }
  return { clock, state, call, trueMs: () => state.atMs + state.offsetMs }
}

t.test('until the store has answered, the process uses its own clock', async (t) => {
  const { clock } = world(5_000_000)
  t.equal(clock.known, false)
  t.equal(clock.now(), 1_000_000)
  t.equal(clock.aheadMs, 0)
})

t.test('the store’s time is known to within its fastest round trip', async (t) => {
  const way = fc.integer({ min: 0, max: 200 })
  const believed = fc.property(
    fc.integer(),
    fc.array(fc.tuple(way, way), { minLength: 1 }),
    (offset, calls) => {
      const { clock, call, trueMs } = world(offset)
      let fastest = Number.POSITIVE_INFINITY
      for (const [there, back] of calls) {
        call(there, back)
        fastest = Math.min(fastest, there + back)
        if (Math.abs(clock.now() - trueMs()) > fastest + 2) return false
        const late = clock.deadline() - WAIT_MS - trueMs()
        if (late < 0 || late > fastest + 2) return false
      }
      return true
    }
  )
  t.doesNotThrow(() => fc.assert(believed))
})

t.test('a response that a stopped process finds much later says nothing', async (t) => {
  const { clock, call, trueMs } = world(60_000)
  call(1, 2_700_000)
  t.equal(clock.known, false)
  call(1, 1)
  t.ok(Math.abs(clock.now() - trueMs()) <= 4)
})

t.test('after a change of the store’s clock, the new time counts', async (t) => {
  const { clock, state, call, trueMs } = world(60_000)
  call(1, 1)
  for (const step of [3_600_000, -3_600_000]) {
    state.offsetMs += step
    call(1, 1)
    t.ok(Math.abs(clock.now() - trueMs()) <= 2)
  }
})

t.test('the difference from the process’s own clock is known', async (t) => {
  const { clock, call } = world(1_000_000 - 61_000)
  call(1, 1)
  t.ok(Math.abs(clock.aheadMs - 61_000) <= 2, `${clock.aheadMs}`)
})

t.test('a large clock difference is one warning, and is in the metrics', async (t) => {
  const clock = { aheadMs: 1999 }
  const warnings: number[] = []
  const metrics = new Registry()
  const warn = ({ aheadSeconds }: { aheadSeconds: number }) => warnings.push(aheadSeconds)
  const look = watchClock(clock, { log: { warn }, metrics })
  await look()
  clock.aheadMs = -61_000
  for (let again = 0; again < 3; again += 1) await look()
  t.strictSame(warnings, [-61])
  t.match(await metrics.metrics(), 'auth_redis_clock_ahead_seconds -61')
  clock.aheadMs = 0
  await look()
  clock.aheadMs = 3000
  await look()
  t.strictSame(warnings, [-61, 3], 'and once more when it is off again')
})
