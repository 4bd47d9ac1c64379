import t from 'tap'
import { MOST_REMEMBERED } from '../../src/live-events/event-feed.ts'
import { feedOf, gateway } from './fixtures/feed-of.ts'

t.test('a reader gets the keys and gateways first, and then new events', async (t) => {
  const { feed, fleet, kids, written, reader } = await feedOf(t)
  await written(2)
  await fleet.announce(gateway(['one']))
  const one = await reader(null)
  t.strictSame(one.got(), ['keys', 'gateways'], 'no earlier event')
  await written(2)
  await feed.poll()
  t.strictSame(one.got(), ['3', '4'])
  await fleet.announce({ ...gateway(['one']), revocationLagSeconds: 3 })
  await feed.poll()
  t.strictSame(one.got(), [], 'how far a gateway is behind is no event')
  kids.push('two')
  await fleet.announce(gateway(['one', 'two'], 'w'))
  await feed.poll()
  t.strictSame(one.got(), ['keys', 'gateways'])
  t.equal(one.state.beats, 3)
})

t.test('a reader that reconnects gets the events that it has missed, or a gap', async (t) => {
  const { written, reader } = await feedOf(t)
  await written(MOST_REMEMBERED + 10)
  const events = async (after: number) => (await reader(after)).got().slice(2)
  t.strictSame(await events(MOST_REMEMBERED + 7), ['1008', '1009', '1010'])
  const all = await events(4)
  t.strictSame(all.slice(0, 2), ['gap 5-10', '11'])
  t.equal(all.length, 1 + MOST_REMEMBERED)
  t.strictSame(await events(99_999), [], 'an id that there is not yet')
})

t.test('a slow reader has no queue: it continues where it was, or after a gap', async (t) => {
  const { feed, written, reader } = await feedOf(t)
  await written(3)
  const slow = await reader(0, 3)
  t.strictSame(slow.got(), ['keys', 'gateways', '1'])
  await written(MOST_REMEMBERED)
  await feed.poll()
  t.strictSame(slow.got(), [], 'nothing until it has room')
  slow.state.room = 3
  slow.resume()
  t.strictSame(slow.got(), ['gap 2-3', '4', '5'])
  slow.state.room = Number.POSITIVE_INFINITY
  slow.resume()
  t.equal(slow.got().length, MOST_REMEMBERED - 2)
})

t.test('a reader whose token has ended is disconnected, and a closed feed ends all', async (t) => {
  const { feed, written, reader } = await feedOf(t)
  const [one, other, third] = [await reader(null), await reader(null), await reader(null)]
  one.state.isAllowed = () => false
  third.stop()
  await written(1)
  await feed.poll()
  t.strictSame(
    [one.got(), other.got()],
    [
      ['keys', 'gateways'],
      ['keys', 'gateways', '1']
    ]
  )
  t.strictSame(
    [one.state.hasEnded, other.state.hasEnded, third.state.hasEnded],
    [true, false, false]
  )
  t.equal(feed.count(), 1)
  feed.close()
  t.ok(other.state.hasEnded)
  t.equal(feed.count(), 0)
})

t.test('a reader whose check fails is disconnected, and the others are not', async (t) => {
  const { feed, faults, written, reader } = await feedOf(t)
  const [one, other] = [await reader(null), await reader(null)]
  const fault = new Error('a bug')
  one.state.isAllowed = () => {
    throw fault
  }
  await written(1)
  await feed.poll()
  t.strictSame([one.state.hasEnded, other.state.hasEnded], [true, false])
  t.strictSame(other.got(), ['keys', 'gateways', '1'])
  t.strictSame(faults, [fault])
})

t.test('a reader that connects after all others have left gets the current state', async (t) => {
  const { kids, written, reader } = await feedOf(t)
  const first = await reader(null)
  first.stop()
  kids.push('two')
  await written(2)
  const next = await reader(null)
  t.strictSame(next.got(), ['keys', 'gateways'], 'no event from before it came')
  next.stop()
  await written(1)
  const back = await reader(2)
  t.strictSame(back.got(), ['keys', 'gateways', '3'], 'what it has missed')
})

t.test('while a store cannot be read, the others are, and later events are not lost', async (t) => {
  const { feed, fleet, db, faults, written, reader } = await feedOf(t)
  const one = await reader(null)
  one.got()
  fleet.live = async () => {
    throw new Error('away')
  }
  await written(1)
  await feed.poll()
  t.strictSame(one.got(), ['1'])
  t.match(faults, [{ message: 'away' }])
  await db.schema.alterTable('audit_events').renameTo('elsewhere').execute()
  await feed.poll()
  await feed.poll()
  t.match(faults.slice(1), [{ message: /no such table/ }], 'each fault is reported once')
  t.equal(faults.length, 2)
  await db.schema.alterTable('elsewhere').renameTo('audit_events').execute()
  await written(1)
  await feed.poll()
  t.strictSame(one.got(), ['2'])
  await db.schema.alterTable('audit_events').renameTo('elsewhere').execute()
  await feed.poll()
  t.equal(faults.length, 3, 'and again when it comes back')
})

t.test('an event with a number that is far ahead does not keep later ones back', async (t) => {
  const { feed, db, written, reader } = await feedOf(t)
  await written(1)
  const one = await reader(null)
  one.got()
  const event = { at_ms: 0, kind: 'login', address: '', request_id: '', detail: '{}' } as const
  const seq = Number.MAX_SAFE_INTEGER
  await db
    .insertInto('audit_events')
    .values({ ...event, seq })
    .execute()
  await feed.poll()
  await db.deleteFrom('audit_events').where('seq', '=', seq).execute()
  await written(1)
  await feed.poll()
  t.strictSame(one.got(), ['2'])

  await db.updateTable('audit_chain').set({ seq }).execute()
  await db
    .insertInto('audit_events')
    .values({ ...event, seq })
    .execute()
  await feed.poll()
  one.got()
  await db.deleteFrom('audit_events').where('seq', '=', seq).execute()
  await db.updateTable('audit_chain').set({ seq: 2 }).execute()
  await feed.poll()
  await written(1)
  await feed.poll()
  t.strictSame(one.got(), ['3'])
})
