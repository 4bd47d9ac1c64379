import { createHmac, randomBytes } from 'node:crypto'

/** Standard Webhooks: 24 to 64 bytes */
const SECRET_BYTES = 32
const SECRET_PREFIX = 'whsec_'

/** A secret as Standard Webhooks writes it. */
export const newWebhookSecret = (): string =>
  `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`

const SECRET = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/

/** Whether a text has the form of such a secret, with 24 to 64 bytes. */
export const isWebhookSecret = (text: string): boolean => SECRET.test(text)

type Message = {
  readonly id: string
  /** seconds since 1970, of this attempt */
  readonly timestamp: number
  readonly body: string
}

/**
 * The headers that identify and sign a message (Standard Webhooks 1.0.0, HMAC-SHA256). Each secret
 * has a signature, so receivers can change to a new secret at any time while two are valid.
 */
export function signedHeaders(
  { id, timestamp, body }: Message,
  secrets: readonly string[]
): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
    const digest = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
    return `v1,${digest}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' ')
  }
}
