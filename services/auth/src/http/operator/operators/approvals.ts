import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Operators } from '../../../operators/open-operators.ts'
import { BOOTSTRAP } from '../../../operators/operator.ts'
import {
  bootstrapApproves,
  ownRequest,
  roleMissing,
  tokenOfCreator
} from '../../../operators/operator-refusals.ts'
import { includesRole } from '../../../operators/operator-role.ts'
import { ApprovalSchema, PendingApproval, toApproval } from '../access/approval-response.ts'
import { operatorAccess } from '../access/operator-access.ts'
import { operatorSource } from '../access/operator-source.ts'
import { operatorOf } from '../access/require-operator.ts'
import type { OpsRoutes } from '../ops-routes.ts'

const Params = Type.Object({
  approval: Type.String({
    pattern: '^[0-9a-f-]{36}$',
    description: 'The id of the approval.',
    examples: ['7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11']
  })
})

const tags = ['Operators']
const problems = {
  NOT_FOUND: 'No request with this id waits for an approval.',
  FORBIDDEN:
    'It is your own request, you do not have the role that it needs, one of you two created the token of the other, or the token is the bootstrap token.'
}

const listApprovals: OpsRoutes = (service, { operators }) => {
  service.get(
    '/approvals',
    {
      schema: {
        operationId: 'listApprovals',
        summary: 'List the requests that wait for a second operator',
        description: 'Lists requests that wait, and approvals that were not used yet.',
        tags,
        successes: { 200: { description: 'The newest first.' } },
        response: {
          200: Type.Object(
            { approvals: Type.Array(ApprovalSchema, { description: 'The newest first.' }) },
            { title: 'Approvals' }
          )
        }
      }
    },
    async () => ({ approvals: (await operators.approvals.list()).map(toApproval) })
  )
}

const approveRequest: OpsRoutes = (service, { operators, clock }) => {
  service.post(
    '/approvals/:approval/approve',
    {
      schema: {
        operationId: 'approveRequest',
        summary: 'Approve a request',
        description:
          'Approves a request of another operator. That operator then sends it again, once.',
        tags,
        successes: { 200: { description: 'The request is approved.' } },
        problems,
        params: Params,
        response: { 200: PendingApproval }
      }
    },
    async (request) => {
      const { approval: id } = request.params
      await requireOther(request, id, operators)
      const by = { source: operatorSource(request), clock, name: operatorOf(request).name }
      return { approval: toApproval(await operators.approvals.decide(id, 'approved', by)) }
    }
  )
}

const rejectRequest: OpsRoutes = (service, { operators, clock }) => {
  service.post(
    '/approvals/:approval/reject',
    {
      schema: {
        operationId: 'rejectRequest',
        summary: 'Reject a request',
        description:
          'Rejects a request that waits for a second operator, or withdraws one of your own, or an approval that was not used yet.',
        tags,
        successes: { 200: { description: 'The request is rejected.' } },
        problems: {
          NOT_FOUND:
            'No request with this id waits for an approval, or for its operator to use one.'
        },
        params: Params,
        response: { 200: PendingApproval }
      }
    },
    async (request) => {
      const by = { source: operatorSource(request), clock, name: operatorOf(request).name }
      const { approval: id } = request.params
      return { approval: toApproval(await operators.approvals.decide(id, 'rejected', by)) }
    }
  )
}

/** @throws Refusal FORBIDDEN, NOT_FOUND */
async function requireOther(
  request: FastifyRequest,
  id: string,
  { approvals, named }: Operators
): Promise<void> {
  const operator = operatorOf(request)
  if (operator.name === BOOTSTRAP) throw bootstrapApproves()
  const { requestedBy, operation } = await approvals.find(id)
  if (requestedBy === operator.name) throw ownRequest()
  const needed = operatorAccess[operation]?.role ?? 'admin'
  if (!includesRole(operator.role, needed)) throw roleMissing(operator, needed)
  await requireOwnTokens([operator.name, requestedBy], named)
}

/**
 * The operator who creates a token has seen it, and could approve their own requests with it. A
 * token that its operator has replaced was never seen by anybody else.
 * @throws Refusal FORBIDDEN
 */
async function requireOwnTokens(
  [one, other]: readonly [string, string],
  named: Pick<Operators['named'], 'list'>
): Promise<void> {
  for (const { name, createdBy } of await named.list()) {
    const creator = name === one ? other : one
    const isOfThem = name === one || name === other
    if (isOfThem && createdBy === creator && creator !== BOOTSTRAP) {
      throw tokenOfCreator(name, creator)
    }
  }
}

/** Requests that need a second operator. */
export const approvalRoutes: OpsRoutes = (service, options) => {
  for (const route of [listApprovals, approveRequest, rejectRequest]) route(service, options)
}
