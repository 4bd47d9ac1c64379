import t, { type Test } from 'tap'
import { smallService } from './fixtures/small-service.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The id in the response to a request, and the id that the handler saw. */
async function idFor(t: Test, headers: Record<string, string | string[]>): Promise<string> {
  const answer = await smallService().inject({ url: '/notes/1', headers })
  t.equal(answer.json().requestId, answer.headers['x-request-id'], 'the handler sees the same id')
  return answer.json().requestId
}

t.test('a request without an id gets a new one', async (t) => {
  const first = await idFor(t, {})
  t.match(first, UUID)
  t.not(await idFor(t, {}), first)
})

t.test('a well-formed id is kept', async (t) => {
  for (const id of ['7', 'a.b_c:d-e', 'x'.repeat(128)]) {
    t.equal(await idFor(t, { 'x-request-id': id }), id)
  }
})

t.test('an id that could forge a line of a log is replaced', async (t) => {
  const bad = ['', '-x', 'a b', 'a\tb', '{"level":60}', 'é', '../x', 'x'.repeat(129), ['a', 'b']]
  for (const id of bad) t.match(await idFor(t, { 'x-request-id': id }), UUID, JSON.stringify(id))
})
