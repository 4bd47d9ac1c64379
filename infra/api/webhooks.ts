import { messageSchemas, messageTitle } from '@gatehouse/auth/audit/published-event-schema'
import type { Components, Json } from './components.ts'

const header = (name: string, description: string, example: string): Json => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string', examples: [example] }
})

/** Standard Webhooks (https://www.standardwebhooks.com) */
const parameters = [
  header(
    'webhook-id',
    'The id of the message, the same for every attempt.',
    'msg_5e2a7c0e-6a0f-4f6e-a7bb-57a1d0a3c2b1'
  ),
  header('webhook-timestamp', 'When the attempt began, in seconds since 1970.', '1795961467'),
  header(
    'webhook-signature',
    'v1, and the HMAC-SHA256 of id, timestamp and body in Base64; during a rotation, one per secret, separated by spaces.',
    'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4='
  )
]

const responses = {
  '2XX': { description: 'The endpoint has the message.' },
  '410': { description: 'The endpoint wants no more messages, and gets none.' },
  '4XX': { description: 'The message is sent again later.' },
  '5XX': { description: 'The message is sent again later.' }
}

/** The requests to endpoints of other systems, by the type of the event. */
export const webhookItems = (components: Components): Json =>
  Object.fromEntries(
    [...messageSchemas].map(([type, schema]) => [
      type,
      {
        post: {
          operationId: `on${messageTitle(type)}`,
          summary: `Tell of ${type}`,
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
