import { Type } from 'typebox'
import { noSuchDelivery, noSuchWebhook } from '../../../webhooks/webhook-refusals.ts'
import { uuid } from '../../fields.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { DeliveryStateQuery, Limit, readDeliveryState, readLimit } from '../query-parameters.ts'
import { DeliveryResponse, deliveryResponse, WebhookParams } from './webhook-schemas.ts'

const tags = ['Webhooks']

const Query = Type.Object({
  webhook: Type.Optional(
    Type.String({
      maxLength: 36,
      description: 'Only the deliveries of the endpoint with this id.',
      examples: ['7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11']
    })
  ),
  state: DeliveryStateQuery,
  limit: Limit
})
const Params = Type.Object({
  delivery: Type.String({
    pattern: '^[0-9a-f-]{36}$',
    description: 'The id of the delivery.',
    examples: ['7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11']
  })
})
const Done = Type.Object({ id: uuid('The id of the delivery.') }, { title: 'ChangedDelivery' })

const listDeliveries: OpsRoutes = (service, { webhooks }) => {
  service.get(
    '/webhook-deliveries',
    {
      schema: {
        operationId: 'listWebhookDeliveries',
        summary: 'List deliveries',
        description: 'Lists deliveries, the newest first. What is in them is not shown.',
        tags,
        successes: { 200: { description: 'The deliveries.' } },
        querystring: Query,
        response: {
          200: Type.Object(
            { deliveries: Type.Array(DeliveryResponse, { description: 'The newest first.' }) },
            { title: 'WebhookDeliveries' }
          )
        }
      }
    },
    async ({ query }) => {
      const found = await webhooks.deliveries({
        webhook: query.webhook,
        state: query.state === undefined ? undefined : readDeliveryState(query.state),
        limit: readLimit(query.limit)
      })
      return { deliveries: found.map(deliveryResponse) }
    }
  )
}

const retryDelivery: OpsRoutes = (service, { webhooks }) => {
  service.post(
    '/webhook-deliveries/:delivery/retry',
    {
      schema: {
        operationId: 'retryWebhookDelivery',
        summary: 'Retry a delivery',
        description: 'Queues a dead delivery again, with all its attempts.',
        tags,
        successes: { 200: { description: 'The delivery is pending.' } },
        problems: { NOT_FOUND: 'There is no dead delivery with this id.' },
        params: Params,
        response: { 200: Done }
      }
    },
    async (request) => {
      const { delivery: id } = request.params
      if (!(await webhooks.retry(id, operatorSource(request)))) throw noSuchDelivery('dead')
      return { id }
    }
  )
}

const discardDelivery: OpsRoutes = (service, { webhooks }) => {
  service.post(
    '/webhook-deliveries/:delivery/discard',
    {
      schema: {
        operationId: 'discardWebhookDelivery',
        summary: 'Discard a delivery',
        description:
          'A pending or dead delivery is not attempted again, and later events of its subject no longer wait for it.',
        tags,
        successes: { 200: { description: 'The delivery is discarded.' } },
        problems: { NOT_FOUND: 'There is no pending or dead delivery with this id.' },
        params: Params,
        response: { 200: Done }
      }
    },
    async (request) => {
      const { delivery: id } = request.params
      const isKnown = await webhooks.discard(id, operatorSource(request))
      if (!isKnown) throw noSuchDelivery('pending or dead')
      return { id }
    }
  )
}

const retryAll: OpsRoutes = (service, { webhooks }) => {
  service.post(
    '/webhooks/:webhook/retry',
    {
      schema: {
        operationId: 'retryWebhookDeliveries',
        summary: 'Retry all deliveries',
        description: 'Queues all dead deliveries of an endpoint again.',
        tags,
        successes: { 200: { description: 'How many there were.' } },
        problems: { NOT_FOUND: 'There is no such endpoint.' },
        params: WebhookParams,
        response: {
          200: Type.Object(
            {
              retried: Type.Integer({ description: 'How many were dead.', examples: [12] })
            },
            { title: 'RetriedDeliveries' }
          )
        }
      }
    },
    async (request) => {
      const retried = await webhooks.retryAll(request.params.webhook, operatorSource(request))
      if (retried === null) throw noSuchWebhook()
      return { retried }
    }
  )
}

/** What is sent, or could not be sent, to webhook endpoints. */
export const webhookDeliveryRoutes: OpsRoutes = (service, options) => {
  for (const route of [listDeliveries, retryDelivery, discardDelivery, retryAll]) {
    route(service, options)
  }
}
