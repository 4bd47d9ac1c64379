import t from 'tap'
import { isBusy } from '../../../src/workers/primary/liveness.ts'

t.test('a worker that owes an answer is busy for 30 s, and then counts as hanging', async (t) => {
  t.ok(isBusy(0))
  t.ok(isBusy(29_999))
  t.notOk(isBusy(30_000))
})
