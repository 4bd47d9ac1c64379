import { EventEmitter, on, once } from 'node:events'
import { mock } from 'node:test'
import { testClock } from '@gatehouse/fixtures/clock'
import type { RevocationBatch, RevocationSource } from '@gatehouse/revocation/revocation'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { followRevocations } from '../../src/revocation/follow-revocations.ts'
import { revocationCheck } from '../../src/revocation/revocation-check.ts'
import { revocationGauges } from '../../src/revocation/revocation-gauges.ts'
import { ada, turn } from '../fixtures/stamped.ts'

/**
 * A log that says what a test tells it to, an outage too, and writes down from where it was
 * followed.
 */
function toldLog() {
  const cursors: (string | null)[] = []
  const events = new EventEmitter()
  const source: RevocationSource = {
    async *follow(cursor, signal) {
      const news = on(events, 'news', { signal })
      cursors.push(cursor)
      events.emit('followed')
      for await (const [batch] of news) {
        if (batch instanceof Error) throw batch
        yield batch
      }
    }
  }
  const tell = async (news: RevocationBatch | Error) => {
    events.emit('news', news)
    await turn()
  }
  return { source, cursors, tell, followedAgain: () => once(events, 'followed') }
}

function following(t: Test) {
  const log = toldLog()
  const clock = testClock()
  const faults: unknown[] = []
  const unreadable: string[] = []
  const revoked = followRevocations({
    source: log.source,
    onFault: (error) => faults.push(error),
    onUnreadable: ({ writtenKind }) => unreadable.push(writtenKind),
    clock,
    monotonicClock: clock
  })
  t.teardown(() => revoked.close())
  const has = (session: string) =>
    revoked.why({ ...ada, identity: { ...ada.identity, session } }) === 'SESSION_ENDED'
  return { ...log, clock, faults, unreadable, revoked, has }
}

const now = 1_800_000_000
const batch = (
  ids: string[],
  cursor: string,
  { caughtUp = true, heartbeatAgeMs = 0 }: Partial<RevocationBatch> = {}
): RevocationBatch => ({
  entries: ids.map((id) => ({ kind: 'session' as const, id, until: now + 300 })),
  cursor,
  caughtUp,
  heartbeatAgeMs
})

t.test(
  'the revocations count as loaded when the log has been read to its end, and not before',
  async (t) => {
    const { revoked, tell, clock, has } = following(t)
    t.notOk(revoked.loaded)
    t.equal(revoked.stalenessSeconds(), Number.POSITIVE_INFINITY, 'never heard of')

    await tell(batch(['a'], '1', { caughtUp: false }))
    t.notOk(revoked.loaded, 'there is more to come')
    t.ok(has('a'), 'what has come counts')

    await tell(batch(['b'], '2'))
    t.ok(revoked.loaded)
    t.strictSame([has('a'), has('b'), has('c')], [true, true, false])
    t.equal(revoked.size, 2)

    clock.advance(7000)
    t.equal(revoked.stalenessSeconds(), 7)
    await tell(batch([], '2'))
    t.equal(revoked.stalenessSeconds(), 0, 'nothing new is news too')
  }
)

t.test('staleness is the age of the last heartbeat, not of the last answer', async (t) => {
  const { revoked, tell, clock } = following(t)
  await tell(batch([], '1', { heartbeatAgeMs: null }))
  t.notOk(revoked.loaded, 'it may be the log of other auth services, or of none')
  t.match(revocationCheck(revoked)(), { failing: /REDIS_URL and REDIS_KEY_PREFIX/ })
  t.equal(revoked.stalenessSeconds(), Number.POSITIVE_INFINITY)

  await tell(batch([], '2', { heartbeatAgeMs: 3000 }))
  t.ok(revoked.loaded)
  t.equal(revoked.stalenessSeconds(), 3, 'a heartbeat is as old as the store says')
  clock.advance(4000)
  await tell(batch(['a'], '3', { heartbeatAgeMs: null }))
  t.equal(revoked.stalenessSeconds(), 7, 'a store that answers is none')
  await tell(batch([], '4', { heartbeatAgeMs: 60_000 }))
  t.equal(revoked.stalenessSeconds(), 7, 'nor is an older one, which a replica that lags has')
  await tell(batch([], '5'))
  t.equal(revoked.stalenessSeconds(), 0)
})

const ofNewerVersion = (id: string, cursor: string): RevocationBatch => ({
  ...batch(['a'], cursor),
  entries: [
    { kind: 'unreadable', id, until: now + 300, writtenKind: 'of-2030' },
    ...batch(['a'], cursor).entries
  ]
})

t.test('a gateway that starts cannot work with a log that it cannot read', async (t) => {
  const { revoked, tell, clock, has, unreadable } = following(t)
  const check = revocationCheck(revoked)
  const metrics = new Registry()
  revocationGauges(metrics, revoked)
  const metric = async () =>
    (await metrics.getSingleMetric('gateway_revocations_unreadable')?.get())?.values[0]?.value
  await tell(ofNewerVersion('1', '2'))
  t.notOk(revoked.loaded)
  t.match(check(), { failing: /a newer version/ })
  t.equal(revoked.stalenessSeconds(), Number.POSITIVE_INFINITY)
  t.ok(has('a'), 'what it can read counts')
  await tell(ofNewerVersion('3', '4'))
  t.equal(await metric(), 2)
  t.strictSame(unreadable, ['of-2030'], 'the operator is told once')

  clock.advance(601_000)
  await tell(batch([], '5'))
  t.ok(revoked.loaded, 'the entries concern no valid token any longer')
  t.match(check(), { failing: undefined, degraded: undefined })
  t.equal(await metric(), 0)
})

t.test('a gateway that can no longer read the log is as stale as one cut off', async (t) => {
  const { revoked, tell, clock, unreadable } = following(t)
  await tell(batch([], '1'))
  clock.advance(3000)
  await tell(ofNewerVersion('2', '3'))
  t.ok(revoked.loaded, 'it serves from memory')
  t.equal(revoked.stalenessSeconds(), 3, 'a heartbeat does not count')
  t.match(revocationCheck(revoked)(), { degraded: /a newer version/ }, 'it says so at once')
  t.match(revocationCheck(revoked, 2)(), { failing: /3 s old/ }, 'over the limit of the operator')

  clock.advance(601_000)
  await tell(batch([], '4'))
  t.equal(revoked.stalenessSeconds(), 0)
  await tell(ofNewerVersion('5', '6'))
  t.equal(unreadable.length, 2, 'the next time is told of again')
})

t.test('an outage ends with a heartbeat, not with an answer', async (t) => {
  const { tell, followedAgain, faults } = following(t)
  await tell(batch([], '1'))
  for (const outage of [1, 2]) {
    for (const attempt of ['first', 'second']) {
      const again = followedAgain()
      await tell(new Error('no heartbeat'))
      await again
      await tell(batch([], '1', { heartbeatAgeMs: null }))
      t.equal(faults.length, outage, `outage ${outage} is told of once: ${attempt} attempt`)
    }
    await tell(batch([], '2'))
  }
})

t.test(
  'after an outage, the follower continues from where it was and misses nothing',
  async (t) => {
    const { revoked, tell, cursors, followedAgain, faults, clock, has } = following(t)
    await tell(batch(['a'], '41'))

    for (const round of ['first', 'second']) {
      const again = followedAgain()
      await tell(new Error('gone'))
      clock.advance(3000)
      await again
      t.ok(has('a'), `${round} outage: what was known is known`)
      t.ok(revoked.loaded, 'it serves from memory')
    }
    t.strictSame(cursors, [null, '41', '41'])
    t.equal(revoked.stalenessSeconds(), 6, 'and says how stale it is')
    t.equal(faults.length, 1, 'an outage is told of once')

    await tell(batch(['b'], '42'))
    t.ok(has('b'), 'what was missed has come')
    t.equal(revoked.stalenessSeconds(), 0)
    const again = followedAgain()
    await tell(new Error('gone again'))
    t.equal(faults.length, 2, 'the next outage is another')
    await again
    t.equal(cursors.at(-1), '42')
  }
)

t.test('an entry is forgotten when the tokens that it revokes have expired', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const { revoked, tell, clock, has } = following(t)
  await tell({
    entries: [
      { kind: 'session', id: 'short', until: now + 610 },
      { kind: 'session', id: 'long', until: now + 700 },
      { kind: 'session', id: 'twice', until: now + 700 },
      { kind: 'session', id: 'twice', until: now + 610 }
    ],
    cursor: '1',
    caughtUp: true,
    heartbeatAgeMs: 0
  })

  clock.advance(610_000)
  mock.timers.tick(10_000)
  t.ok(has('short'), 'to the second')
  clock.advance(1000)
  mock.timers.tick(10_000)
  t.strictSame(['short', 'long', 'twice'].map(has), [false, true, true], 'the later end counts')
  clock.advance(90_000)
  mock.timers.tick(10_000)
  t.equal(revoked.size, 0)
})

t.test('a lookup costs no more with a hundred thousand entries', async (t) => {
  const { revoked, tell, has } = following(t)
  const ids = Array.from({ length: 100_000 }, (_, at) => `session-${at}`)
  await tell(batch(ids, '1'))
  t.equal(revoked.size, 100_000)
  t.ok(has('session-99999'))
  t.notOk(has('session-100000'))
})

t.test('a closed follower reads nothing more', async (t) => {
  const { revoked, cursors, faults } = following(t)
  await revoked.close()
  await turn()
  t.strictSame([cursors, faults], [[null], []], 'and an end is no fault')
})

t.test(
  'a log that is unreachable at the start is reported only if it stays unreachable',
  async (t) => {
    const { tell, followedAgain, faults } = following(t)
    for (let attempt = 1; attempt <= 11; attempt += 1) {
      const again = followedAgain()
      await tell(new Error('no connection yet'))
      t.equal(faults.length, attempt < 10 ? 0 : 1, `attempt ${attempt}`)
      await again
    }
  }
)

t.test('tokens are accepted only when another condition is true as well', async (t) => {
  const { revoked, tell } = following(t)
  let hasJoined = false
  revoked.acceptOnlyIf(() => hasJoined)
  await tell(batch([], '1'))
  t.equal(revoked.loaded, false)
  t.match(revocationCheck(revoked)(), { failing: String }, 'and it is not ready')
  hasJoined = true
  t.equal(revoked.loaded, true)
})
