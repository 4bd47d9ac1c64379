import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { Operators } from '../../../operators/open-operators.ts'
import { roleMissing } from '../../../operators/operator-refusals.ts'
import { includesRole } from '../../../operators/operator-role.ts'
import { toApproval } from './approval-response.ts'
import { type OperatorAccess, operatorAccess } from './operator-access.ts'
import { operatorSource } from './operator-source.ts'
import { operatorOf } from './require-operator.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** the `operationId` of a request to the ops API, and who may send it */
    operation?: { readonly id: string; readonly access: OperatorAccess }
  }
  interface FastifyRequest {
    /** the approval that this request uses */
    approvalId: string | null
  }
}

type AccessPorts = {
  readonly operators: Operators
  readonly clock: () => number
}

/** Two operators must exist before one of them can need the other, and an admin who can approve. */
const FEWEST = 2

/**
 * Refuses what the role of an operator does not include, and lets a request that needs a second
 * operator wait for their approval: it is answered with 202 until then.
 */
export function requireAccess(scope: FastifyInstance, ports: AccessPorts): void {
  const { approvals } = ports.operators
  scope.decorateRequest('approvalId', null)
  scope.addHook('onRoute', noteAccess)
  scope.addHook('onRequest', async (request) => {
    const operator = operatorOf(request)
    const access = request.routeOptions.config.operation?.access
    if (access !== undefined && !includesRole(operator.role, access.role)) {
      throw roleMissing(operator, access.role)
    }
  })
  scope.addHook('preHandler', async (request, reply) => {
    refuseAdminMembers(request)
    const isHeld = await needsApproval(request, ports)
    return isHeld ? await waitForApproval(request, reply, ports) : undefined
  })
  scope.addHook('onResponse', async ({ approvalId }, { statusCode }) => {
    if (approvalId !== null && statusCode >= 400) await approvals.giveBack(approvalId)
  })
}

/** @throws Error if the table does not list a route: nobody could say who may use it */
function noteAccess(route: RouteOptions): void {
  const id = operationOf(route)
  const access = operatorAccess[id]
  if (access === undefined) throw new Error(`no role is named for ${route.url} (${id})`)
  route.config = { ...route.config, operation: { id, access } }
}

const operationOf = ({ schema }: RouteOptions): string => schema?.operationId ?? ''

function refuseAdminMembers(request: FastifyRequest): void {
  const { adminMembers = [] } = request.routeOptions.config.operation?.access ?? {}
  const operator = operatorOf(request)
  if (operator.role === 'admin' || typeof request.body !== 'object' || request.body === null) return
  const body = request.body
  const member = adminMembers.find((name) => name in body)
  if (member !== undefined) throw roleMissing(operator, 'admin', `body/${member}`)
}

async function needsApproval(request: FastifyRequest, { operators }: AccessPorts) {
  const groups = request.routeOptions.config.operation?.access.fourEyes
  if (groups === undefined || operators.fourEyes.size === 0) return false
  if (groups !== 'any') return groups.some((group) => operators.fourEyes.has(group))
  // Those whose tokens were revoked count too: an admin can revoke the tokens of all others.
  const named = await operators.named.list()
  return named.length >= FEWEST && named.some(({ role }) => role === 'admin')
}

async function waitForApproval(
  request: FastifyRequest,
  reply: FastifyReply,
  { operators, clock }: AccessPorts
): Promise<FastifyReply | undefined> {
  const { id: operation = '', access } = request.routeOptions.config.operation ?? {}
  const isRepeated = access?.isRepeated === true
  const body = isRepeated ? null : request.body
  const by = { source: operatorSource(request), clock }
  const taken = await operators.approvals.take(
    { operation, params: request.params, body },
    operatorOf(request),
    by
  )
  if (!taken.isApproved) return reply.code(202).send({ approval: toApproval(taken.pending) })
  if (isRepeated) await operators.approvals.giveBack(taken.id)
  else request.approvalId = taken.id
  return undefined
}
