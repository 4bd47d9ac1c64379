import { testClock } from '@gatehouse/fixtures/clock'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import t, { type Test } from 'tap'
import { followRevocations } from '../../src/revocation/revoked-sessions.ts'
import { refuseRevoked } from '../../src/stages/refuse-revoked.ts'
import { revocationLog, silentLog } from '../fixtures/revocation-log.ts'
import { ada, turn } from '../fixtures/stamped.ts'

function followed(t: Test, source: RevocationSource) {
  const revoked = followRevocations({ source, clock: testClock(), onFault: () => {} })
  t.teardown(() => revoked.close())
  return revoked
}
const machine = { ...ada, identity: { ...ada.identity, session: null } }

t.test('until the log has been read once, nobody can be said not to be revoked', async (t) => {
  const revoked = followed(t, silentLog)
  await turn()
  const unavailable = { code: 'UNAVAILABLE', status: 503, headers: { 'retry-after': '1' } }
  t.throws(() => refuseRevoked(ada, revoked), unavailable)
  t.throws(() => refuseRevoked(machine, revoked), unavailable, 'nor a machine')
  t.doesNotThrow(() => refuseRevoked(null, revoked), 'but nobody at all needs no log')
})

t.test('a session that is revoked is ended, and no other', async (t) => {
  const log = revocationLog()
  const revoked = followed(t, log)
  log.revoke({ kind: 'session', id: 'session-1', until: 1_800_000_360 })
  await turn()
  t.throws(() => refuseRevoked(ada, revoked), { code: 'SESSION_ENDED', status: 401 })
  const other = { ...ada, identity: { ...ada.identity, session: 'session-2' } }
  t.doesNotThrow(() => refuseRevoked(other, revoked))
  t.doesNotThrow(() => refuseRevoked(machine, revoked))
})
