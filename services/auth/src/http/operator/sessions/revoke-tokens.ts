import { Type } from 'typebox'
import { makeAllStale } from '../../../revocations/make-all-stale.ts'
import { instant } from '../../fields.ts'
import { PendingApproval, pendingResponse } from '../access/approval-response.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'

const Answer = Type.Object(
  { before: instant('Every gateway refuses access tokens that were issued earlier.') },
  { title: 'RevokedTokens' }
)

const schema = {
  operationId: 'revokeAllTokens',
  summary: 'Make all access tokens stale',
  description:
    'Every gateway refuses all access tokens that were issued so far. Sessions continue: a refresh gets a valid token. Takes a few seconds.',
  tags: ['Keys'],
  response: { 200: Answer, 202: PendingApproval },
  successes: {
    200: { description: 'Tokens that were issued before the time in the response are refused.' },
    202: pendingResponse
  }
}

export const revokeTokens: OpsRoutes = (service, { revocations, clock }) => {
  service.post('/tokens/revoke-all', { schema }, async (request) => {
    const before = await makeAllStale(revocations.stale, operatorSource(request), clock)
    return { before: new Date(before * 1000).toISOString() }
  })
}
