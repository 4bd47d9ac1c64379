import t from 'tap'
import { start } from '../edge/programs.ts'
import { measuredStart } from '../starts.ts'

t.test('a measured start has a time, a processor time and a memory', async (t) => {
  const command = [process.execPath, '-e', 'setInterval(() => {}, 1000)']
  const measured = await measuredStart(async () => start('measured', command), 0.5)
  t.ok(measured.seconds > 0)
  t.ok(measured.processorSeconds >= 0 && measured.processorSeconds < 60)
  t.ok(measured.memory > 5, `${measured.memory} MiB`)
})
