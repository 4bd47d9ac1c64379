import { Refusal } from '@gatehouse/problem/refusal'
import t from 'tap'
import { ifAvailable } from '../src/if-available.ts'
import { storeUnavailable } from '../src/refusals.ts'

t.test('work that a later request completes may find its store unavailable', async (t) => {
  await t.resolves(ifAvailable(Promise.reject(storeUnavailable(new Error('the store is away')))))
})

t.test('every other refusal of such work reaches the caller, as any error does', async (t) => {
  for (const code of ['CONFLICT', 'FORBIDDEN', 'INVALID_REQUEST', 'RATE_LIMITED'] as const) {
    const refusal = new Refusal(code, { reason: 'the work was refused' })
    await t.rejects(ifAvailable(Promise.reject(refusal)), refusal)
  }
  const bug = new TypeError('a bug')
  await t.rejects(ifAvailable(Promise.reject(bug)), bug)
})
