import { Refusal } from '@gatehouse/problem/refusal'
import t from 'tap'

t.test('a refusal has the usual status of its code, or another that the code allows', async (t) => {
  t.equal(new Refusal('INVALID_REQUEST', { reason: 'because' }).status, 400)
  t.equal(new Refusal('INVALID_REQUEST', { reason: 'because', status: 413 }).status, 413)
  // @ts-expect-error a status that the code does not have does not compile
  new Refusal('NOT_FOUND', { reason: 'because', status: 400 })
})

t.test('a refusal is an error with its code and reason for the log', async (t) => {
  const cause = new Error('connection lost')
  const refusal = new Refusal('UNAVAILABLE', { reason: 'the store is away', cause })
  t.ok(refusal instanceof Error)
  t.equal(refusal.name, 'Refusal')
  t.equal(refusal.message, 'UNAVAILABLE: the store is away')
  t.equal(refusal.cause, cause)
})

t.test('a refusal has only the given members', async (t) => {
  const refusal = new Refusal('FORBIDDEN', { reason: 'no such role' })
  t.equal(refusal.detail, undefined)
  t.strictSame(refusal.headers, {})
  t.notOk('cause' in refusal, 'no cause, not even an undefined one')
})
