import type { RevocationBatch } from '@gatehouse/revocation/revocation'
import { Registry } from 'prom-client'
import t from 'tap'
import { revocationCheck } from '../../src/revocation/revocation-check.ts'
import { revocationGauges } from '../../src/revocation/revocation-gauges.ts'
import { batch, following, now } from './fixtures/told-log.ts'

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
  t.equal(revoked.stalenessSeconds(), 7, 'an answer of the store is not a heartbeat')
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
  t.ok(has('a'), 'readable entries count')
  await tell(ofNewerVersion('3', '4'))
  t.equal(await metric(), 2)
  t.strictSame(unreadable, ['of-2030'], 'the operator is informed once')

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
  t.equal(unreadable.length, 2, 'the next one is reported again')
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
      t.equal(faults.length, outage, `outage ${outage} is reported once: ${attempt} attempt`)
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
      t.ok(has('a'), `${round} outage: known revocations stay known`)
      t.ok(revoked.loaded, 'it serves from memory')
    }
    t.strictSame(cursors, [null, '41', '41'])
    t.equal(revoked.stalenessSeconds(), 6, 'and says how stale it is')
    t.equal(faults.length, 1, 'an outage is reported once')

    await tell(batch(['b'], '42'))
    t.ok(has('b'), 'missed entries have arrived')
    t.equal(revoked.stalenessSeconds(), 0)
    const again = followedAgain()
    await tell(new Error('gone again'))
    t.equal(faults.length, 2, 'the next outage is another')
    await again
    t.equal(cursors.at(-1), '42')
  }
)

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
