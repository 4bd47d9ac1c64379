import { Type } from 'typebox'
import { eventTypes } from '../../../audit/published/published-event.ts'
import type { Attempt, Delivery } from '../../../outbox/delivery.ts'
import { deliveryStates } from '../../../outbox/delivery.ts'
import { type Webhook, webhookStates } from '../../../subscriptions/webhook.ts'
import { instant, instantOrNull, uuid } from '../../fields.ts'
import { dated, NextAttempt, progressOf } from '../delivery-progress.ts'

const EXAMPLE_URL = 'https://hooks.example.com/gatehouse'

export const WebhookParams = Type.Object({
  webhook: Type.String({
    pattern: '^[0-9a-f-]{36}$',
    description: 'The id of the endpoint.',
    examples: ['7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11']
  })
})
export const WebhookBody = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 2048,
      description: 'Where events are posted. https, except to hosts in AUTH_WEBHOOK_PRIVATE_HOSTS.',
      examples: [EXAMPLE_URL]
    }),
    events: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 64, examples: ['user.created'] }), {
        maxItems: 64,
        description: `Only events of these types: ${eventTypes.join(', ')}. Default: all events, including those of later versions.`,
        examples: [['user.created', 'user.deleted']]
      })
    )
  },
  { additionalProperties: false, title: 'NewWebhook' }
)
export const WebhookResponse = Type.Object(
  {
    id: uuid('The id of the endpoint.'),
    url: Type.String({
      description: 'Where events are posted. Viewers get the origin, and … for the rest.',
      examples: [EXAMPLE_URL]
    }),
    events: Type.Array(Type.String({ examples: ['user.created'] }), {
      description: 'The types of events that it gets; empty: all of them.'
    }),
    state: Type.String({
      description: `One of ${webhookStates.join(', ')}. failed: no delivery succeeded for AUTH_WEBHOOK_DISABLE_DAYS. gone: it answered 410.`,
      examples: ['enabled']
    }),
    failingSince: instantOrNull('When the attempts began to fail; null if the last one succeeded.'),
    previousSecretUntil: instantOrNull(
      'When the previous secret stops signing; null if none signs.'
    ),
    createdAt: instant('When it was added.')
  },
  { title: 'Webhook', description: 'An endpoint of another system that gets events.' }
)
export const WebhookSecret = Type.String({
  description: 'The signing secret (Standard Webhooks). No later response contains it.',
  examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=']
})
export const TestResponse = Type.Object(
  {
    delivered: Type.Boolean({ description: 'Whether it answered with 2xx.', examples: [true] }),
    status: Type.Union([Type.Integer({ examples: [200] }), Type.Null()], {
      description: 'The HTTP status of its response; null if there was none.'
    }),
    fault: Type.Union([Type.String({ examples: ['timeout'] }), Type.Null()], {
      description: 'Why the attempt failed; null if it succeeded.'
    })
  },
  { title: 'WebhookTest' }
)
export const DeliveryResponse = Type.Object(
  {
    id: uuid('The id of the delivery.'),
    webhook: uuid('The id of the endpoint.'),
    messageId: Type.String({
      description: 'webhook-id of the requests: the same for all endpoints and all attempts.',
      examples: ['msg_5e2a7c0e-6a0f-4f6e-a7bb-57a1d0a3c2b1']
    }),
    type: Type.String({ description: 'The type of the event.', examples: ['user.created'] }),
    state: Type.String({
      description: `One of ${deliveryStates.join(', ')}. dead: every attempt failed.`,
      examples: ['dead']
    }),
    attempts: Type.Integer({ description: 'How many attempts have begun.', examples: [11] }),
    fault: Type.Union([Type.String({ examples: ['status'] }), Type.Null()], {
      description: 'Why the last attempt failed.'
    }),
    status: Type.Union([Type.Integer({ examples: [500] }), Type.Null()], {
      description: 'The HTTP status of the last attempt; null if there was none.'
    }),
    createdAt: instant('When the event happened.'),
    nextAttemptAt: NextAttempt,
    settledAt: instantOrNull('When it was delivered, given up or discarded.')
  },
  { title: 'WebhookDelivery' }
)

export const webhookResponse = (webhook: Webhook) => ({
  id: webhook.id,
  url: webhook.url,
  events: [...webhook.events],
  state: webhook.state,
  failingSince: dated(webhook.failingSinceMs),
  previousSecretUntil: dated(webhook.previousSecretUntilMs),
  createdAt: new Date(webhook.createdAtMs).toISOString()
})

/** The path and the query of an address can be a secret: whoever knows them can post there. */
export function withoutPath(webhook: Webhook) {
  const { origin, pathname, search } = new URL(webhook.url)
  const isWhole = pathname === '/' && search === ''
  return { ...webhookResponse(webhook), url: isWhole ? webhook.url : `${origin}/…` }
}

export const deliveryResponse = (delivery: Delivery) => ({
  id: delivery.id,
  webhook: delivery.target,
  messageId: delivery.messageId,
  type: delivery.topic,
  ...progressOf(delivery)
})

export function testResponse(attempt: Attempt) {
  if (attempt.outcome === 'delivered') {
    return { delivered: true, status: attempt.status, fault: null }
  }
  if (attempt.outcome === 'stopped') return { delivered: false, status: null, fault: 'stopped' }
  const status = attempt.outcome === 'failed' ? attempt.status : null
  return { delivered: false, status, fault: attempt.fault }
}
