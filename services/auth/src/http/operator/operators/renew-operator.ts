import { Type } from 'typebox'
import { BOOTSTRAP } from '../../../operators/operator.ts'
import { nothingToRenew } from '../../../operators/operator-refusals.ts'
import { instantOrNull, iso } from '../../fields.ts'
import { operatorSource } from '../access/operator-source.ts'
import { operatorOf } from '../access/require-operator.ts'
import type { OpsRoutes } from '../ops-routes.ts'

const schema = {
  operationId: 'renewOperator',
  summary: 'Replace your own token',
  description:
    'Replaces the token of the request. The new one expires when the old one would have expired, and nobody else has seen it. The sessions of the console end.',
  tags: ['Operators'],
  successes: { 200: { description: 'The new token. The old one no longer works.' } },
  problems: {
    FORBIDDEN: 'The token is the bootstrap token, or the request comes from the console.'
  },
  response: {
    200: Type.Object(
      {
        name: Type.String({ description: 'The operator.', examples: ['ada'] }),
        token: Type.String({
          description: 'The token, which is not shown again.',
          examples: ['gho_…']
        }),
        expiresAt: instantOrNull('When the token expires.')
      },
      { title: 'RenewedOperator' }
    )
  }
}

/** Replaces the token of the operator who asks, which somebody else has created. */
export const renewOperator: OpsRoutes = (service, { operators, clock }) => {
  service.post('/operators/me/token', { schema }, async (request) => {
    const { name, tokenDigest, expiresAt } = operatorOf(request)
    if (name === BOOTSTRAP) {
      throw nothingToRenew('the bootstrap token is a setting: change AUTH_OPS_TOKEN')
    }
    if (tokenDigest === null) {
      throw nothingToRenew('only the token itself can be replaced: ops operators renew')
    }
    const by = { source: operatorSource(request), clock }
    const token = await operators.named.renew(tokenDigest, by)
    return { name, token, expiresAt: expiresAt === null ? null : iso(expiresAt) }
  })
}
