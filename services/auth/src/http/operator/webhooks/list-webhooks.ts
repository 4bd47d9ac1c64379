import { Type } from 'typebox'
import { operatorOf } from '../access/require-operator.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { WebhookResponse, webhookResponse, withoutPath } from './webhook-schemas.ts'

export const listWebhooks: OpsRoutes = (service, { webhooks }) => {
  service.get(
    '/webhooks',
    {
      schema: {
        operationId: 'listWebhooks',
        summary: 'List the endpoints',
        description:
          'Lists all endpoints, the oldest first. A viewer gets the origins of their addresses only.',
        tags: ['Webhooks'],
        successes: { 200: { description: 'The endpoints.' } },
        response: {
          200: Type.Object(
            { webhooks: Type.Array(WebhookResponse, { description: 'All endpoints.' }) },
            { title: 'Webhooks' }
          )
        }
      }
    },
    async (request) => {
      const shown = operatorOf(request).role === 'viewer' ? withoutPath : webhookResponse
      return { webhooks: (await webhooks.list()).map(shown) }
    }
  )
}
