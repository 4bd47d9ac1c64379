import t from 'tap'
import { restartPauses } from '../../../src/workers/primary/restart-pauses.ts'

t.test(
  'a worker that dies is replaced at once, and after growing pauses if it dies again',
  async (t) => {
    const pauses = restartPauses()
    const next = (livedMs: number) => pauses.next(livedMs).pauseMs
    t.strictSame(
      [3_600_000, 10, 10, 10, 59_999, 10, 10, 10, 10].map(next),
      [0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]
    )
    t.strictSame(pauses.next(60_000), { pauseMs: 0, failures: 1 }, 'one that lived for a minute')
  }
)
