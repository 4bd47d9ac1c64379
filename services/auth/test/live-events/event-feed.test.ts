import { memoryFleet } from '@gatehouse/fleet/memory-fleet'
import t, { type Test } from 'tap'
import { auditChain } from '../../src/audit-chain/audit-chain.ts'
import { eventFeed, type LiveEvent, MOST_REMEMBERED } from '../../src/live-events/event-feed.ts'
import { chainedLog } from '../audit-chain/fixtures/chained-log.ts'
import { sqliteKind } from '../fixtures/database/databases.ts'

/** The feed of an auth service with an audit log, and readers that write down what they get. */
async function feedOf(t: Test) {
  const log = await chainedLog(t, sqliteKind)
  const fleet = memoryFleet(log.clock)
  const faults: unknown[] = []
  const kids: string[] = ['one']
  const record = (kid: string) => ({
    kid,
    algorithm: 'ES256' as const,
    state: 'standby' as const,
    createdAt: 0,
    activatedAt: null,
    retiringAt: null,
    withdrawAt: null,
    endedAt: null,
    longestTokenSeconds: 0,
    unpublishedUntil: null
  })
  const feed = eventFeed({
    audit: auditChain({ db: log.db, keys: log.keys, days: 0, clock: log.clock }),
    keys: { list: async () => kids.map(record) },
    fleet,
    onFault: (error) => faults.push(error)
  })
  const written = async (count: number): Promise<void> => {
    const rows = Array.from({ length: count }, () => ({
      at_ms: log.clock(),
      kind: 'login' as const,
      subject: 'ada',
      sid: null,
      address: '192.0.2.7',
      request_id: 'a-request',
      detail: '{}'
    }))
    await log.db.insertInto('audit_events').values(rows).execute()
    await log.chain()
  }
  return { ...log, feed, fleet, faults, kids, written, reader: readerOf(feed) }
}

/** In short: `keys`, `gateways`, `gap 1-3`, or the number of an audit event. */
function short(event: LiveEvent): string {
  if (event.type === 'gap') return `gap ${event.first}-${event.last}`
  return event.type === 'audit' ? String(event.record.seq) : event.type
}

const readerOf =
  (feed: ReturnType<typeof eventFeed>) =>
  async (after: number | null, room = Number.POSITIVE_INFINITY) => {
    const got: string[] = []
    const state = { room, isAllowed: true, hasEnded: false, beats: 0 }
    const following = await feed.follow({
      after,
      send(event) {
        got.push(short(event))
        state.room -= 1
        return state.room > 0
      },
      beat() {
        state.beats += 1
      },
      isAllowed: () => state.isAllowed,
      end() {
        state.hasEnded = true
      }
    })
    return {
      ...following,
      state,
      /** what came since the last call */
      got: () => got.splice(0)
    }
  }

const gateway = (kids: string[], keySetVersion = 'v') => ({
  id: 'g',
  name: 'edge-1',
  kids,
  keySetVersion,
  revocationCursor: '',
  revocationLagSeconds: 0,
  assertionJwk: '{}'
})

t.test('a reader gets the keys and gateways first, and then new events', async (t) => {
  const { feed, fleet, kids, written, reader } = await feedOf(t)
  await written(2)
  await fleet.announce(gateway(['one']))
  const one = await reader(null)
  t.strictSame(one.got(), ['keys', 'gateways'], 'no earlier event')
  await written(2)
  await feed.turn()
  t.strictSame(one.got(), ['3', '4'])
  await fleet.announce({ ...gateway(['one']), revocationLagSeconds: 3 })
  await feed.turn()
  t.strictSame(one.got(), [], 'how far a gateway is behind is no event')
  kids.push('two')
  await fleet.announce(gateway(['one', 'two'], 'w'))
  await feed.turn()
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
  await feed.turn()
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
  one.state.isAllowed = false
  third.stop()
  await written(1)
  await feed.turn()
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
  await feed.turn()
  t.strictSame(one.got(), ['1'])
  t.match(faults, [{ message: 'away' }])
  await db.schema.alterTable('audit_events').renameTo('elsewhere').execute()
  await feed.turn()
  await feed.turn()
  t.match(faults.slice(1), [{ message: /no such table/ }], 'each fault is reported once')
  t.equal(faults.length, 2)
  await db.schema.alterTable('elsewhere').renameTo('audit_events').execute()
  await written(1)
  await feed.turn()
  t.strictSame(one.got(), ['2'])
  await db.schema.alterTable('audit_events').renameTo('elsewhere').execute()
  await feed.turn()
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
  await feed.turn()
  await db.deleteFrom('audit_events').where('seq', '=', seq).execute()
  await written(1)
  await feed.turn()
  t.strictSame(one.got(), ['2'])

  await db.updateTable('audit_chain').set({ seq }).execute()
  await db
    .insertInto('audit_events')
    .values({ ...event, seq })
    .execute()
  await feed.turn()
  one.got()
  await db.deleteFrom('audit_events').where('seq', '=', seq).execute()
  await db.updateTable('audit_chain').set({ seq: 2 }).execute()
  await feed.turn()
  await written(1)
  await feed.turn()
  t.strictSame(one.got(), ['3'])
})
