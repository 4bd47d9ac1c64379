import { testClock } from '@gatehouse/fixtures/clock'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import t, { type Test } from 'tap'
import { followRevocations } from '../../src/revocation/follow-revocations.ts'
import { refuseRevoked } from '../../src/stages/refuse-revoked.ts'
import { revocationLog, silentLog } from '../fixtures/revocation-log.ts'
import { ada, turn } from '../fixtures/stamped.ts'

function followed(t: Test, source: RevocationSource, clock = testClock()) {
  const revoked = followRevocations({
    source,
    clock,
    monotonicClock: clock,
    onFault: () => {}
  })
  t.teardown(() => revoked.close())
  return revoked
}
const machine = { ...ada, identity: { ...ada.identity, session: null } }

t.test('until the log has been read once, every token is refused with 503', async (t) => {
  const revoked = followed(t, silentLog)
  await turn()
  const unavailable = { code: 'UNAVAILABLE', status: 503, headers: { 'retry-after': '1' } }
  t.throws(() => refuseRevoked(ada, {}, revoked), unavailable)
  t.throws(() => refuseRevoked(machine, {}, revoked), unavailable, 'nor a machine')
  t.doesNotThrow(() => refuseRevoked(null, {}, revoked), 'an anonymous request needs no log')
})

t.test('a gateway that has not announced itself refuses every token with 503', async (t) => {
  const revoked = followed(t, revocationLog())
  revoked.acceptOnlyIf(() => false)
  await turn()
  t.throws(() => refuseRevoked(ada, {}, revoked), {
    code: 'UNAVAILABLE',
    reason: /has not announced itself/
  })
})

t.test('tokens of a revoked session are refused, and those of others are not', async (t) => {
  const log = revocationLog()
  const revoked = followed(t, log)
  log.revoke({ kind: 'session', id: 'session-1', until: 1_800_000_360 })
  await turn()
  t.throws(() => refuseRevoked(ada, {}, revoked), { code: 'SESSION_ENDED', status: 401 })
  const other = { ...ada, identity: { ...ada.identity, session: 'session-2' } }
  t.doesNotThrow(() => refuseRevoked(other, {}, revoked))
  t.doesNotThrow(() => refuseRevoked(machine, {}, revoked))
})

t.test('a token from before its user changed is stale, and one from after is not', async (t) => {
  const log = revocationLog()
  const revoked = followed(t, log)
  const until = 1_800_000_360
  log.revoke({ kind: 'subject', id: 'user-1', until, before: ada.issuedAt + 1 })
  await turn()
  t.throws(() => refuseRevoked(ada, {}, revoked), {
    code: 'TOKEN_STALE',
    status: 401,
    headers: { 'www-authenticate': /invalid_token/ }
  })
  t.doesNotThrow(() => refuseRevoked({ ...ada, issuedAt: ada.issuedAt + 1 }, {}, revoked))
})

t.test('a token of a revoked key is refused, whenever it was issued', async (t) => {
  const log = revocationLog()
  const revoked = followed(t, log)
  log.revoke({ kind: 'key', id: 'one', until: 1_800_000_360 })
  await turn()
  const later = { ...ada, issuedAt: ada.issuedAt + 1000 }
  t.throws(() => refuseRevoked(later, {}, revoked), { code: 'TOKEN_STALE', status: 401 })
  t.doesNotThrow(() => refuseRevoked({ ...ada, kid: 'two' }, {}, revoked))
})

t.test('a route can limit the staleness of the revocations', async (t) => {
  const clock = testClock()
  const log = revocationLog()
  const revoked = followed(t, log, clock)
  await turn()
  const route = { maxStalenessSeconds: 5 }
  clock.advance(5000)
  t.doesNotThrow(() => refuseRevoked(ada, route, revoked))
  clock.advance(1)
  t.throws(() => refuseRevoked(ada, route, revoked), { code: 'UNAVAILABLE', status: 503 })
  t.doesNotThrow(() => refuseRevoked(null, route, revoked), 'an anonymous request needs no log')
  t.doesNotThrow(() => refuseRevoked(ada, {}, revoked), 'other routes still work')
  log.revoke({ kind: 'session', id: 'somebody', until: 1_800_000_360 })
  await turn()
  t.doesNotThrow(() => refuseRevoked(ada, route, revoked), 'and this one when the log is heard of')
})
