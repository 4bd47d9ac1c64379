/**
 * Members of responses about what the outbox sends. `api/operator.json` describes them. Times are
 * ISO 8601.
 */

import type * as api from './operator-api.ts'
import type { Narrowed } from './responses.ts'

export type DeliveryState = 'pending' | 'delivered' | 'dead' | 'discarded'

type State = { readonly state: DeliveryState }

export type Letter = Narrowed<api.Letter, State>

export type WebhookDelivery = Narrowed<api.WebhookDelivery, State>

/** What is known of any message of the outbox. */
export type Delivery = Pick<Letter, keyof Letter & keyof WebhookDelivery>

export type Webhook = Narrowed<
  api.Webhook,
  { readonly state: 'enabled' | 'disabled' | 'failed' | 'gone' }
>

export type WebhookTest = api.WebhookTest
