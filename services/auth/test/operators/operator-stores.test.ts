import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { approvalStore } from '../../src/operators/approval-store.ts'
import { BOOTSTRAP, operatorTokenDigest } from '../../src/operators/operator.ts'
import { operatorStore } from '../../src/operators/operator-store.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'

const source = { address: 'ops', requestId: 'a-request', operator: 'bootstrap' }
const HOUR_SECONDS = 3600

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: of simultaneous tokens for one operator, one is created`,
    { skip },
    async (t) => {
      const db = await (await make(t)).open()
      const clock = testClock()
      const operators = operatorStore(db, clock)
      const by = { source, clock, createdBy: BOOTSTRAP }
      const create = () =>
        operators.create({ name: 'ada', role: 'admin', lifetimeSeconds: HOUR_SECONDS }, by)
      const made = await Promise.allSettled([create(), create(), create()])
      const [first, ...others] = made.flatMap((one) =>
        one.status === 'fulfilled' ? one.value : []
      )
      t.equal(others.length, 0)
      const token = first?.token ?? ''
      t.match(await operators.find(operatorTokenDigest(token)), { name: 'ada', role: 'admin' })
      t.equal(await operators.find(operatorTokenDigest(`${token.slice(0, -1)}x`)), null)

      clock.advance(HOUR_SECONDS * 1000)
      t.equal(await operators.find(operatorTokenDigest(token)), null, 'it has expired')
      const next = await create()
      t.match(await operators.find(operatorTokenDigest(next.token)), { name: 'ada' })
      t.equal(await operators.find(operatorTokenDigest(token)), null)
      t.equal(await operators.revoke('ada', by), true)
      t.equal(await operators.revoke('ada', by), false)
      t.equal(await operators.find(operatorTokenDigest(next.token)), null)
      t.match(await operators.list(), [{ name: 'ada', state: 'revoked', createdBy: 'bootstrap' }])
    }
  )

  t.test(`${name}: an approval is used once, by one of several requests`, { skip }, async (t) => {
    const db = await (await make(t)).open()
    const clock = testClock()
    const approvals = approvalStore(db, HOUR_SECONDS, clock)
    const by = { source, clock }
    const ada = {
      name: 'ada',
      role: 'operator',
      expiresAt: null,
      tokenDigest: null,
      session: null
    } as const
    const request = { operation: 'revokeKey', params: { kid: 'k' }, body: undefined }
    const take = () => approvals.take(request, ada, by)
    const asked = await Promise.all([take(), take(), take()])
    const ids = asked.map((one) => (one.isApproved ? '' : one.pending.id))
    t.equal(new Set(ids).size, 1, 'simultaneous requests wait once')
    const [id = ''] = ids
    t.match(await approvals.decide(id, 'approved', { ...by, name: 'bob' }), { decidedBy: 'bob' })
    const taken = await Promise.all([take(), take(), take()])
    t.equal(taken.filter(({ isApproved }) => isApproved).length, 1)
    await approvals.giveBack(id)
    t.match(await take(), { isApproved: true, id })
    await t.rejects(approvals.decide(id, 'rejected', { ...by, name: 'bob' }), { code: 'NOT_FOUND' })
    const next = await take()
    if (next.isApproved) throw new Error('it was used')
    t.match(next.pending, { state: 'pending' })
    for (const decision of ['approved', 'rejected'] as const) {
      await approvals.decide(next.pending.id, decision, { ...by, name: 'bob' })
    }
    t.match(await take(), { isApproved: false }, 'an approval is withdrawn before it is used')
  })
}
