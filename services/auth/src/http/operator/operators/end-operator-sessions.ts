import type { Service } from '@gatehouse/http-service/build-service'
import { Type } from 'typebox'
import { OPERATOR_NAME } from '../../../operators/operator.ts'
import { noSuchOperator, roleMissing } from '../../../operators/operator-refusals.ts'
import type { OperatorCredentials } from '../access/operator-credentials.ts'
import { operatorSource } from '../access/operator-source.ts'
import { operatorOf } from '../access/require-operator.ts'
import type { OpsApiOptions } from '../ops-routes.ts'

const schema = {
  operationId: 'endOperatorSessions',
  summary: 'Sign an operator out of the console',
  description:
    'Ends every session of an operator in the console, and makes their sign-in links void. The token still works: to stop it, revoke it. Only an admin can sign out another operator.',
  tags: ['Operators'],
  successes: { 200: { description: 'The sessions have ended.' } },
  problems: { NOT_FOUND: 'There is no operator of that name.' },
  params: Type.Object({
    operator: Type.String({
      pattern: OPERATOR_NAME,
      description: 'The name; bootstrap for AUTH_OPS_TOKEN, me for the current operator.',
      examples: ['ada']
    })
  }),
  response: {
    200: Type.Object(
      {
        name: Type.String({ description: 'The operator.', examples: ['ada'] }),
        ended: Type.Integer({ description: 'How many sessions have ended.', examples: [2] })
      },
      { title: 'EndedOperatorSessions' }
    )
  }
}

type EndingPorts = OpsApiOptions & {
  readonly credentials: Pick<OperatorCredentials, 'tokenDigestOf'>
}

/** Ends the sessions of an operator in the console. */
export function endOperatorSessions(
  service: Service,
  { operators, credentials, clock }: EndingPorts
): void {
  service.delete('/operators/:operator/sessions', { schema }, async (request) => {
    const operator = operatorOf(request)
    const { operator: named } = request.params
    const name = named === 'me' ? operator.name : named
    if (name !== operator.name && operator.role !== 'admin') throw roleMissing(operator, 'admin')
    const digest = await credentials.tokenDigestOf(name)
    if (digest === null) throw noSuchOperator()
    const by = { source: operatorSource(request), clock }
    return { name, ended: await operators.sessions.endAll({ name, digest }, by) }
  })
}
