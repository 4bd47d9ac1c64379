import { Type } from 'typebox'
import { DAY_SECONDS } from '../../../day.ts'
import { noSuchWebhook } from '../../../webhooks/webhook-refusals.ts'
import { uuid } from '../../fields.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { listWebhooks } from './list-webhooks.ts'
import {
  TestResponse,
  testResponse,
  WebhookBody,
  WebhookParams,
  WebhookResponse,
  WebhookSecret,
  webhookResponse
} from './webhook-schemas.ts'

const Done = Type.Object({ id: uuid('The id of the endpoint.') }, { title: 'ChangedWebhook' })
const tags = ['Webhooks']
const problems = { NOT_FOUND: 'There is no such endpoint.' }

const addWebhook: OpsRoutes = (service, { webhooks }) => {
  service.post(
    '/webhooks',
    {
      schema: {
        operationId: 'addWebhook',
        summary: 'Add an endpoint',
        description: 'Adds an endpoint, which gets events from now on.',
        tags,
        successes: { 201: { description: 'The endpoint, and its secret.' } },
        body: WebhookBody,
        response: {
          201: Type.Object(
            { webhook: WebhookResponse, secret: WebhookSecret },
            { title: 'AddedWebhook' }
          )
        }
      }
    },
    async (request, reply) => {
      const { url, events = [] } = request.body
      const added = await webhooks.add({ url, events }, operatorSource(request))
      return reply.code(201).send({ webhook: webhookResponse(added.webhook), secret: added.secret })
    }
  )
}

const removeWebhook: OpsRoutes = (service, { webhooks }) => {
  service.delete(
    '/webhooks/:webhook',
    {
      schema: {
        operationId: 'removeWebhook',
        summary: 'Remove an endpoint',
        description: 'Removes an endpoint and its deliveries.',
        tags,
        successes: { 200: { description: 'The endpoint is removed.' } },
        problems,
        params: WebhookParams,
        response: { 200: Done }
      }
    },
    async (request) => {
      const { webhook: id } = request.params
      if (!(await webhooks.remove(id, operatorSource(request)))) throw noSuchWebhook()
      return { id }
    }
  )
}

const switches = {
  disable: {
    operationId: 'disableWebhook',
    summary: 'Disable an endpoint',
    description: 'The endpoint gets nothing. Events that happen meanwhile are not queued for it.',
    successes: { 200: { description: 'The endpoint is disabled.' } }
  },
  enable: {
    operationId: 'enableWebhook',
    summary: 'Enable an endpoint',
    description: 'The endpoint gets its pending events, and later ones.',
    successes: { 200: { description: 'The endpoint is enabled.' } }
  }
}

const switchWebhook: OpsRoutes = (service, { webhooks }) => {
  for (const verb of ['disable', 'enable'] as const) {
    service.post(
      `/webhooks/:webhook/${verb}`,
      {
        schema: {
          ...switches[verb],
          tags,
          problems,
          params: WebhookParams,
          response: { 200: Done }
        }
      },
      async (request) => {
        const { webhook: id } = request.params
        if (!(await webhooks[verb](id, operatorSource(request)))) throw noSuchWebhook()
        return { id }
      }
    )
  }
}

const RotationBody = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 30 * DAY_SECONDS,
        default: DAY_SECONDS,
        description: 'How long the previous secret also signs, in seconds. 0: it stops at once.',
        examples: [DAY_SECONDS]
      })
    )
  },
  { additionalProperties: false, title: 'SecretRotation' }
)

const rotateSecret: OpsRoutes = (service, { webhooks }) => {
  service.post(
    '/webhooks/:webhook/rotate-secret',
    {
      schema: {
        operationId: 'rotateWebhookSecret',
        summary: 'Rotate the secret',
        description:
          'Replaces the secret of an endpoint. The previous secret also signs for overlapSeconds.',
        tags,
        successes: { 200: { description: 'The new secret.' } },
        problems,
        params: WebhookParams,
        body: RotationBody,
        response: {
          200: Type.Object(
            { id: uuid('The id of the endpoint.'), secret: WebhookSecret },
            { title: 'RotatedWebhookSecret' }
          )
        }
      }
    },
    async (request) => {
      const { webhook: id } = request.params
      const { overlapSeconds = DAY_SECONDS } = request.body
      const secret = await webhooks.rotateSecret(id, overlapSeconds, operatorSource(request))
      if (secret === null) throw noSuchWebhook()
      return { id, secret }
    }
  )
}

const testWebhook: OpsRoutes = (service, { webhooks }) => {
  service.post(
    '/webhooks/:webhook/test',
    {
      schema: {
        operationId: 'testWebhook',
        summary: 'Test an endpoint',
        description:
          'Sends an event of the type webhook.test once, even if the endpoint is disabled.',
        tags,
        successes: { 200: { description: 'The result of the attempt.' } },
        problems,
        params: WebhookParams,
        response: { 200: TestResponse }
      }
    },
    async ({ params }) => {
      const attempt = await webhooks.test(params.webhook)
      if (attempt === null) throw noSuchWebhook()
      return testResponse(attempt)
    }
  )
}

/** Webhook endpoints. Only the responses that create a secret contain it. */
export const webhookRoutes: OpsRoutes = (service, options) => {
  for (const route of [
    addWebhook,
    listWebhooks,
    removeWebhook,
    switchWebhook,
    rotateSecret,
    testWebhook
  ]) {
    route(service, options)
  }
}
