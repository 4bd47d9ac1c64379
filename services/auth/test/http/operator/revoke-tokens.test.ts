import t from 'tap'
import { LIFETIME_SECONDS } from '../../fixtures/auth-config.ts'
import { audited, authService, OPS_TOKEN } from '../../fixtures/auth-service.ts'
import { otherRevocations } from '../../fixtures/families/stores.ts'

t.test('all earlier tokens become stale, and the audit log records it', async (t) => {
  const auth = await authService(t)
  const headers = { authorization: `Bearer ${OPS_TOKEN}` }
  const now = Math.floor(auth.clock() / 1000)
  const answer = await auth.ops.inject({ method: 'POST', url: '/ops/tokens/revoke-all', headers })

  t.equal(answer.statusCode, 200)
  const [entry] = await otherRevocations(auth.store)
  t.match(entry, { kind: 'everything', id: 'everything' })
  const { before, until } = entry as { before: number; until: number }
  t.ok(before > now + 2, 'also a token that a change of rights has dated ahead')
  t.ok(until >= before + LIFETIME_SECONDS, 'for as long as they live')
  t.equal(answer.json().before, new Date(before * 1000).toISOString())
  t.match(await audited(auth), [{ kind: 'tokens-revoked', subject: null }])
})
