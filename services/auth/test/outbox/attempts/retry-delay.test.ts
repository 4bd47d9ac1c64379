import t from 'tap'
import { retryDelayMs } from '../../../src/outbox/attempts/retry-delay.ts'

const DAY_MS = 86_400_000

t.test('the attempts of a delivery are spread over three days, with jitter', async (t) => {
  const delays = (random: number) =>
    Array.from({ length: 11 }, (_, at) => retryDelayMs(at + 1, null, () => random))
  const middle = delays(0.5)
  t.equal(middle[0], 5000)
  t.equal(middle[10], null, 'there is no attempt after the eleventh')
  const days = middle.reduce<number>((sum, ms) => sum + (ms ?? 0), 0) / DAY_MS
  t.ok(days > 3 && days < 3.5, `${days} days`)
  t.strictSame([delays(0)[0], delays(1)[0]], [4000, 6000])
})

t.test('a receiver may ask for a longer pause, up to an hour', async (t) => {
  t.equal(
    retryDelayMs(1, 30_000, () => 0.5),
    30_000
  )
  t.equal(
    retryDelayMs(1, 1000, () => 0.5),
    5000,
    'not for a shorter one'
  )
  t.equal(
    retryDelayMs(1, 7_200_000, () => 0.5),
    3_600_000
  )
})
