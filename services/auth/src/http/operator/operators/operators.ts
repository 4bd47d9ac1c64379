import { Type } from 'typebox'
import { DAY_SECONDS } from '../../../day.ts'
import { isReserved, OPERATOR_NAME, type Operator } from '../../../operators/operator.ts'
import { noSuchOperator, reservedName } from '../../../operators/operator-refusals.ts'
import { operatorRoles } from '../../../operators/operator-role.ts'
import { instant, instantOrNull, iso } from '../../fields.ts'
import { PendingApproval, pendingResponse } from '../access/approval-response.ts'
import { operatorSource } from '../access/operator-source.ts'
import { operatorOf } from '../access/require-operator.ts'
import type { OpsRoutes } from '../ops-routes.ts'

const DEFAULT_LIFETIME_SECONDS = 90 * DAY_SECONDS
const LONGEST_LIFETIME_SECONDS = 366 * DAY_SECONDS

const Name = Type.String({
  pattern: OPERATOR_NAME,
  description: 'The name in the audit log: a to z, 0 to 9, and . _ - after the first letter.',
  examples: ['ada']
})
const Role = Type.Enum([...operatorRoles], {
  description: 'viewer: reads; operator: also makes routine changes; admin: everything.',
  examples: ['operator']
})
const OperatorSchema = Type.Object(
  {
    name: Name,
    role: Role,
    state: Type.String({ description: 'live, expired or revoked.', examples: ['live'] }),
    createdAt: instant('When the token was created.'),
    createdBy: Type.String({
      description: 'The operator who created it.',
      examples: ['bootstrap']
    }),
    expiresAt: instant('When the token expires.'),
    lastUsedAt: instantOrNull('When it was last used, late by up to a minute; null: never.')
  },
  { title: 'Operator' }
)
const Body = Type.Object(
  {
    name: Name,
    role: Role,
    expiresInSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: LONGEST_LIFETIME_SECONDS,
        default: DEFAULT_LIFETIME_SECONDS,
        description: 'Seconds until the token expires. Default: 90 days.',
        examples: [DAY_SECONDS]
      })
    )
  },
  { additionalProperties: false, title: 'NewOperator' }
)
const Params = Type.Object({ operator: Name })
const tags = ['Operators']

const showOperator: OpsRoutes = (service) => {
  service.get(
    '/operators/me',
    {
      schema: {
        operationId: 'showOperator',
        summary: 'Show the current operator',
        description: 'Shows the operator whose token the request has.',
        tags,
        successes: { 200: { description: 'The operator.' } },
        response: {
          200: Type.Object(
            {
              name: Type.String({
                description: 'The name; bootstrap for AUTH_OPS_TOKEN.',
                examples: ['ada']
              }),
              role: Role,
              expiresAt: instantOrNull('When the token expires; null: never.')
            },
            { title: 'ActingOperator' }
          )
        }
      }
    },
    async (request) => {
      const { name, role, expiresAt } = operatorOf(request)
      return { name, role, expiresAt: expiresAt === null ? null : iso(expiresAt) }
    }
  )
}

const listOperators: OpsRoutes = (service, { operators }) => {
  service.get(
    '/operators',
    {
      schema: {
        operationId: 'listOperators',
        summary: 'List the operators',
        description: 'Lists the named operators, including those whose tokens no longer work.',
        tags,
        successes: { 200: { description: 'The operators, by name.' } },
        response: {
          200: Type.Object(
            { operators: Type.Array(OperatorSchema, { description: 'The operators, by name.' }) },
            { title: 'Operators' }
          )
        }
      }
    },
    async () => ({ operators: (await operators.named.list()).map(toOperator) })
  )
}

const createOperator: OpsRoutes = (service, { operators, clock }) => {
  service.post(
    '/operators',
    {
      schema: {
        operationId: 'createOperator',
        summary: 'Create an operator',
        description:
          'Creates an operator with a token, or a new token for one whose token has expired or was revoked. No later response contains the token.',
        tags,
        successes: { 201: { description: 'The operator and the token.' }, 202: pendingResponse },
        problems: { CONFLICT: 'The operator has a token that works, or the name is reserved.' },
        body: Body,
        response: {
          201: Type.Object(
            {
              operator: OperatorSchema,
              token: Type.String({
                description: 'The token, which is not shown again.',
                examples: ['gho_…']
              })
            },
            { title: 'CreatedOperator' }
          ),
          202: PendingApproval
        }
      }
    },
    async (request, reply) => {
      const {
        name,
        role,
        expiresInSeconds: lifetimeSeconds = DEFAULT_LIFETIME_SECONDS
      } = request.body
      if (isReserved(name)) throw reservedName(name)
      const { operator, token } = await operators.named.create(
        { name, role, lifetimeSeconds },
        { source: operatorSource(request), clock, createdBy: operatorOf(request).name }
      )
      return reply.code(201).send({ operator: toOperator(operator), token })
    }
  )
}

const revokeOperator: OpsRoutes = (service, { operators, clock }) => {
  service.delete(
    '/operators/:operator',
    {
      schema: {
        operationId: 'revokeOperator',
        summary: 'Revoke the token of an operator',
        description: 'The token stops working at once.',
        tags,
        successes: { 200: { description: 'The token is revoked.' } },
        problems: { NOT_FOUND: 'There is no operator of that name with a live token.' },
        params: Params,
        response: { 200: Type.Object({ name: Name }, { title: 'RevokedOperator' }) }
      }
    },
    async (request) => {
      const { operator: name } = request.params
      const by = { source: operatorSource(request), clock }
      if (!(await operators.named.revoke(name, by))) throw noSuchOperator()
      return { name }
    }
  )
}

const toOperator = ({ createdAt, expiresAt, usedAt, ...operator }: Operator) => ({
  ...operator,
  createdAt: iso(createdAt),
  expiresAt: iso(expiresAt),
  lastUsedAt: usedAt === null ? null : iso(usedAt)
})

/** Named operators and their tokens. */
export const operatorRoutes: OpsRoutes = (service, options) => {
  for (const route of [showOperator, listOperators, createOperator, revokeOperator]) {
    route(service, options)
  }
}
