/** Members of responses about what the outbox sends (`api/operator.json`). Times are ISO 8601. */

export type DeliveryState = 'pending' | 'delivered' | 'dead' | 'discarded'

/** What is known of any message of the outbox. */
export type Delivery = {
  readonly id: string
  readonly state: DeliveryState
  readonly attempts: number
  /** why the last attempt failed */
  readonly fault: string | null
  /** the reply of the mail server, or the HTTP status */
  readonly status: number | null
  readonly createdAt: string
  readonly nextAttemptAt: string | null
  readonly settledAt: string | null
}

export type Letter = Delivery & { readonly letter: string }

export type WebhookDelivery = Delivery & { readonly webhook: string; readonly type: string }

export type Webhook = {
  readonly id: string
  readonly url: string
  /** empty: all */
  readonly events: readonly string[]
  readonly state: 'enabled' | 'disabled' | 'failed' | 'gone'
  readonly failingSince: string | null
}

export type WebhookTest = {
  readonly delivered: boolean
  readonly status: number | null
  readonly fault: string | null
}
