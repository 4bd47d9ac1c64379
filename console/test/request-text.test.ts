import t from 'tap'
import type { Approval } from '../src/api/problem.ts'
import { requestText } from '../src/approvals/request-text.ts'

const request = (operation: string, params: Record<string, string>, body: unknown): Approval => ({
  id: 'an-id',
  operation,
  params,
  body,
  state: 'pending',
  requestedBy: 'ada',
  requestedAt: '2026-11-30T11:00:00Z',
  decidedBy: null,
  expiresAt: '2026-11-30T12:00:00Z'
})

t.test('an operator sees all that an approval allows', async (t) => {
  const kid = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'
  t.equal(requestText(request('revokeKey', { kid }, null)), `revokeKey ${kid}`)
  const admin = { name: 'eve', role: 'admin' }
  t.equal(
    requestText(request('createOperator', {}, admin)),
    'createOperator {"name":"eve","role":"admin"}'
  )
  const user = 'ada@example.com\u202e'
  t.equal(requestText(request('deleteUser', { user }, null)), 'deleteUser ada@example.com\\u{202e}')
})
