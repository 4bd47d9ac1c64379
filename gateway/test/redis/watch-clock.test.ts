import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { watchClock } from '../../src/redis/watch-clock.ts'

t.test('a clock that begins to differ from that of Redis is logged once', async (t) => {
  const lines: unknown[] = []
  const clock = testClock()
  const watch = watchClock({ warn: (...line: unknown[]) => lines.push(line) }, clock)
  watch(clock(), 0)
  watch(clock() - 4000, 3000)
  t.strictSame(lines, [], 'an answer may be late')
  for (const _ of [1, 2]) watch(clock() - 600_000, 10)
  t.match(lines, [[{ aheadSeconds: 600 }, /differs from the clock of Redis/]])
  watch(clock(), 10)
  watch(clock() + 600_000, 10)
  t.match(lines.slice(1), [[{ aheadSeconds: -600 }]])
})
