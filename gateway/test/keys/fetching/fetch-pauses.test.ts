import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import { pauseAfter, retryAfterMs } from '../../../src/keys/fetching/fetch-pauses.ts'

const peaceful = { askedForMs: 0, longestMs: 60_000 }
const least = (failures: number, asks = peaceful) => pauseAfter(failures, asks, 0)
const most = (failures: number, asks = peaceful) => pauseAfter(failures, asks, 1)

t.test(
  'pauses grow with the failures up to a maximum, and start again after a success',
  async (t) => {
    t.strictSame(
      [1, 2, 3, 4].map((failures) => most(failures)),
      [200, 400, 800, 1600]
    )
    t.strictSame(
      [1, 2, 3].map((failures) => least(failures)),
      [100, 200, 400]
    )
    t.equal(most(9), 51_200)
    for (const failures of [10, 100, 100_000])
      t.equal(most(failures), 60_000, `${failures} failures`)
    t.equal(most(100, { askedForMs: 0, longestMs: 5000 }), 5000)
    t.strictSame([least(0), most(0)], [54_000, 66_000], 'a good set is fetched once a minute')
  }
)

t.test('Retry-After is the minimum pause, and gateways return at different times', async (t) => {
  const anyPause = fc.property(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 0, max: 600_000 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (failures, askedForMs, random) => {
      const pause = pauseAfter(failures, { askedForMs, longestMs: 60_000 }, random)
      return pause >= askedForMs && pause > 0 && pause <= 1.1 * askedForMs + 60_000
    }
  )
  t.equal(fc.check(anyPause, runs(2000)).counterexample, null)
  const minute = { askedForMs: 60_000, longestMs: 60_000 }
  t.ok(most(1, minute) - least(1, minute) > 6000)
})

t.test('Retry-After is seconds or a date, and ten minutes at most', async (t) => {
  const now = Date.parse('Sat, 28 Nov 2026 12:00:00 GMT')
  const asked: [value: string | null, seconds: number][] = [
    ...([
      [null, 0],
      ['', 0],
      ['0', 0],
      ['60', 60],
      ['601', 600],
      ['999999999', 600]
    ] as const),
    ['Sat, 28 Nov 2026 12:01:30 GMT', 90],
    ['Sat, 28 Nov 2026 11:00:00 GMT', 0],
    ['Sun, 29 Nov 2026 12:00:00 GMT', 600],
    ...(['soon', '-5', '1.5e9', 'NaN', '9'.repeat(400)] as const).map((value): [string, number] => [
      value,
      0
    ])
  ].map(([value, seconds]) => [value as string | null, Number(seconds)])
  for (const [value, seconds] of asked)
    t.equal(retryAfterMs(value, now), seconds * 1000, `${value}`)
})
