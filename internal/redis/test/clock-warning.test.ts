import t from 'tap'
import { clockWarning } from '../src/reports/clock-warning.ts'

t.test('a clock that begins to differ from that of Redis is logged once', async (t) => {
  const lines: unknown[] = []
  const note = clockWarning({ warn: (...line: unknown[]) => lines.push(line) })
  note(0)
  note(4000, 3000)
  t.strictSame(lines, [], 'an answer may be late')
  for (const _ of [1, 2]) note(600_000, 10)
  t.match(lines, [[{ aheadSeconds: 600 }, /differs from the clock of Redis/]])
  note(0, 10)
  note(-600_000, 10)
  t.match(lines.slice(1), [[{ aheadSeconds: -600 }]])
})
