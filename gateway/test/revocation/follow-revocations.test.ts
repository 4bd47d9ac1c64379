import { mock } from 'node:test'
import t from 'tap'
import { revocationCheck, UNANNOUNCED } from '../../src/revocation/revocation-check.ts'
import { turn } from '../fixtures/stamped.ts'
import { batch, following, now } from './fixtures/told-log.ts'

t.test(
  'the revocations count as loaded when the log has been read to its end, and not before',
  async (t) => {
    const { revoked, tell, clock, has } = following(t)
    t.notOk(revoked.loaded)
    t.equal(revoked.stalenessSeconds(), Number.POSITIVE_INFINITY, 'never heard of')

    await tell(batch(['a'], '1', { caughtUp: false }))
    t.notOk(revoked.loaded, 'there is more to come')
    t.ok(has('a'), 'entries that have arrived count')

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

t.test('each of a hundred thousand entries is found', async (t) => {
  const { revoked, tell, has } = following(t)
  const ids = Array.from({ length: 100_000 }, (_, at) => `session-${at}`)
  await tell(batch(ids, '1'))
  t.equal(revoked.size, 100_000)
  t.ok(ids.every(has))
  t.notOk(has('session-100000'))
})

t.test('a closed follower reads nothing more', async (t) => {
  const { revoked, cursors, faults } = following(t)
  await revoked.close()
  await turn()
  t.strictSame([cursors, faults], [[null], []], 'a normal end is not a fault')
})

t.test('tokens are accepted only while an additional condition is true', async (t) => {
  const { revoked, tell } = following(t)
  let hasJoined = false
  revoked.acceptOnlyIf(() => hasJoined)
  await tell(batch([], '1'))
  t.strictSame([revoked.loaded, revoked.mayAcceptTokens], [true, false])
  t.match(revocationCheck(revoked)(), { failing: UNANNOUNCED })
  hasJoined = true
  t.equal(revoked.mayAcceptTokens, true)
  t.match(revocationCheck(revoked)(), { failing: undefined })
})
