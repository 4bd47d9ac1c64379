import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { approvalStore } from '../../src/operators/approval-store.ts'
import { BOOTSTRAP, operatorTokenDigest } from '../../src/operators/operator.ts'
import { operatorStore } from '../../src/operators/operator-store.ts'
import { storedRequest } from '../../src/operators/stored-approval.ts'
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
    const altered: (readonly string[])[] = []
    const approvals = approvalStore(db, HOUR_SECONDS, clock, (ids) => altered.push(ids))
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
    const last = await take()
    if (last.isApproved) throw new Error('an approval is withdrawn before it is used')

    const other = storedRequest({ ...request, params: { kid: 'other' } })
    const alterations = [
      { request: 'no JSON' },
      { request: other.request },
      { ...storedRequest(request), expires_at: 8.64e12 + 1 }
    ]
    for (const alteration of alterations) {
      await db.updateTable('approvals').set(alteration).where('id', '=', last.pending.id).execute()
      t.strictSame(await approvals.list(), [])
      const approved = approvals.decide(last.pending.id, 'approved', { ...by, name: 'bob' })
      await t.rejects(approved, { code: 'NOT_FOUND' }, 'it cannot be approved')
    }
    t.strictSame(altered, [[last.pending.id]], 'it is reported once')
    const again = await take()
    t.ok(!again.isApproved && again.pending.id !== last.pending.id, 'the request waits anew')
  })
}
