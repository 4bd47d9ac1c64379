import { messageSchemas, messageTitle } from '@gatehouse/auth/audit/published-event-schema'
import type { Components, Json } from './components.ts'

const header = (name: string, description: string, example: string): Json => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string', examples: [example] }
})

/** The parts that every message shares, as components. */
export const webhookComponents = {
  /** Standard Webhooks (https://www.standardwebhooks.com) */
  parameters: {
    WebhookId: header(
      'webhook-id',
      'The id of the message, the same for every attempt.',
      'msg_5e2a7c0e-6a0f-4f6e-a7bb-57a1d0a3c2b1'
    ),
    WebhookTimestamp: header(
      'webhook-timestamp',
      'When the attempt began, in seconds since 1970.',
      '1795961467'
    ),
    WebhookSignature: header(
      'webhook-signature',
      'v1, and the HMAC-SHA256 of id, timestamp and body in Base64; during a rotation, one per secret, separated by spaces.',
      'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4='
    )
  },
  responses: {
    MessageTaken: { description: 'The endpoint has the message.' },
    EndpointGone: { description: 'The endpoint wants no more messages, and gets none.' },
    MessageRefused: { description: 'The message is sent again later.' }
  }
}

type SharedParts = typeof webhookComponents

const referTo = <Kind extends keyof SharedParts>(
  kind: Kind,
  name: keyof SharedParts[Kind] & string
): Json => ({ $ref: `#/components/${kind}/${name}` })

const parameters = [
  referTo('parameters', 'WebhookId'),
  referTo('parameters', 'WebhookTimestamp'),
  referTo('parameters', 'WebhookSignature')
]

const responses = {
  '2XX': referTo('responses', 'MessageTaken'),
  '410': referTo('responses', 'EndpointGone'),
  '4XX': referTo('responses', 'MessageRefused'),
  '5XX': referTo('responses', 'MessageRefused')
}

/** The requests to endpoints of other systems, by the type of the event. */
export const webhookItems = (components: Components): Json =>
  Object.fromEntries(
    [...messageSchemas].map(([type, schema]) => [
      type,
      {
        post: {
          operationId: `on${messageTitle(type)}`,
          summary: `Notify about ${type}`,
          description: `Sent to each enabled endpoint that wants events of the type ${type}.`,
          tags: ['Webhooks'],
          security: [],
          parameters,
          requestBody: {
            required: true,
            content: { 'application/json': { schema: components.schemaOf(schema) } }
          },
          responses
        }
      }
    ])
  )
