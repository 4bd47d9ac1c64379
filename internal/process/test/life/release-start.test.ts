import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { releaseStart } from '../../src/life/release-start.ts'

t.test('a process collects its start-up memory once, when it is idle', async (t) => {
  const utilizations = [1, 0.9, 0.06, 0.04, 0, 0]
  let looks = 0
  const collected: number[] = []
  releaseStart({
    utilization: () => utilizations[looks++] ?? 0,
    collect: async () => void collected.push(looks),
    afterMs: 1,
    lookMs: 1
  })
  while (collected.length === 0) await sleep(1)
  await sleep(10)
  t.strictSame(collected, [4], 'three looks found it busy, and nothing looks again')
})
