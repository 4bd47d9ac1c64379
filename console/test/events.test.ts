import { auditKinds as existing } from '@gatehouse/auth/testing/audit/audit-event'
import t from 'tap'
import { auditKinds } from '../src/audit/audit-kinds.ts'
import { matchingEvents } from '../src/audit/matching-events.ts'
import { eventParser } from '../src/live/event-parser.ts'
import { retryPauses } from '../src/live/retry-pauses.ts'
import { inOrder } from '../src/parts/in-order.ts'

const text = [
  'retry: 1500\n\n',
  'event: keys\ndata: {"keys":[]}\n\n',
  ': beat\n\n',
  'id: 7\nevent: audit\ndata: {"a":\ndata: 1}\n\n'
].join('')
const expected = [
  { id: null, type: 'keys', data: '{"keys":[]}' },
  { id: '7', type: 'audit', data: '{"a":\n1}' }
]

t.test('events are read from parts that begin and end anywhere', async (t) => {
  for (let size = 1; size <= text.length; size += 1) {
    const parser = eventParser()
    const events = []
    for (let from = 0; from < text.length; from += size) {
      events.push(...parser.take(text.slice(from, from + size)))
    }
    t.strictSame(events, expected, `parts of ${size}`)
    t.equal(parser.retryMs(), 1500)
  }
})

t.test('live events are merged with those that were read, each once', async (t) => {
  const event = (at: string, kind: string, user: string | null = null) => ({
    at,
    kind,
    user,
    session: null,
    address: 'ops',
    requestId: at,
    operator: null,
    detail: {}
  })
  const read = [event('2', 'login', 'ada'), event('1', 'logout', 'ada')]
  const live = [event('3', 'login', 'bob'), event('2', 'login', 'ada')]
  const times = (kind: string, subject: string) =>
    matchingEvents(read, live, { kind, subject }).map(({ at }) => at)
  t.strictSame(times('', ''), ['3', '2', '1'])
  t.strictSame(times('', 'ada'), ['2', '1'])
  t.strictSame(matchingEvents([], live, { kind: 'login', subject: 'bob' }), [live[0]])
})

t.test('every kind of event can be chosen', async (t) => {
  t.strictSame([...auditKinds], [...existing])
})

t.test('pauses grow while the server does not answer, and begin again after that', async (t) => {
  const pauses = retryPauses()
  const next = (count: number) => Array.from({ length: count }, () => pauses.next())
  t.strictSame(next(5), [2000, 4000, 8000, 15_000, 15_000])
  pauses.connected(null)
  t.strictSame(next(2), [2000, 4000])
  pauses.connected(500)
  t.strictSame(next(2), [500, 1000])
})

t.test('the answer of an earlier search does not replace that of a later one', async (t) => {
  const begin = inOrder()
  const [first, second, third] = [begin(), begin(), begin()]
  t.equal(second(), true)
  t.equal(first(), false)
  t.equal(third(), true)
})
