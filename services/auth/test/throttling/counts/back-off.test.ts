import t from 'tap'
import { waitSeconds } from '../../../src/throttling/counts/back-off.ts'

t.test('after five failures, each one doubles the wait, up to a quarter of an hour', async (t) => {
  const waits = Array.from({ length: 18 }, (_, failures) => waitSeconds(failures))
  t.strictSame(waits, [0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
  t.equal(waitSeconds(1e9), 900)
})
