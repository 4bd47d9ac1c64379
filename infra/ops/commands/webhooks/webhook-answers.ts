import { textTable } from '../../terminal/text-table.ts'

/** The responses about webhooks. */
export type Webhook = {
  readonly id: string
  readonly url: string
  readonly events: readonly string[]
  readonly state: string
  readonly failingSince: string | null
  readonly previousSecretUntil: string | null
  readonly createdAt: string
}

export type Delivery = {
  readonly id: string
  readonly webhook: string
  readonly messageId: string
  readonly type: string
  readonly state: string
  readonly attempts: number
  readonly fault: string | null
  readonly status: number | null
  readonly createdAt: string
  readonly nextAttemptAt: string | null
  readonly settledAt: string | null
}

export const webhookTable = (webhooks: readonly Webhook[]): string =>
  textTable(
    ['id', 'url', 'events', 'state', 'failing since', 'created'],
    webhooks.map(({ id, url, events, state, failingSince, createdAt }) => [
      id,
      url,
      events.length === 0 ? 'all' : events.join(' '),
      state,
      failingSince ?? '',
      createdAt
    ])
  )

export const deliveryTable = (deliveries: readonly Delivery[]): string =>
  textTable(
    ['id', 'webhook', 'type', 'state', 'attempts', 'last result', 'created', 'next attempt'],
    deliveries.map((delivery) => [
      delivery.id,
      delivery.webhook,
      delivery.type,
      delivery.state,
      String(delivery.attempts),
      [delivery.fault ?? '', delivery.status ?? ''].join(' ').trim(),
      delivery.createdAt,
      delivery.nextAttemptAt ?? ''
    ])
  )

/** A secret of an endpoint, with the note that it is shown only once. */
export const signingSecret = (secret: string): string =>
  `The signing secret, which is not shown again: ${secret}`
