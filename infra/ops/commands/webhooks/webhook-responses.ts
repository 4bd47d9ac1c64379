import { textTable } from '../../terminal/text-table.ts'
import { type OutboxMessage, progressCells, progressColumns } from '../outbox-message.ts'

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

export type Delivery = OutboxMessage & {
  readonly webhook: string
  readonly type: string
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
    ['id', 'webhook', 'type', ...progressColumns],
    deliveries.map((delivery) => [
      delivery.id,
      delivery.webhook,
      delivery.type,
      ...progressCells(delivery)
    ])
  )

/** A secret of an endpoint, with the note that it is shown only once. */
export const signingSecret = (secret: string): string =>
  `The signing secret, which is not shown again: ${secret}`
