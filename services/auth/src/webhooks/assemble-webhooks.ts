import type { Kysely } from 'kysely'
import type { Registry } from 'prom-client'
import type { Tables } from '../database/tables.ts'
import type { SealingKeys } from '../keys/seal.ts'
import type { AttemptOptions } from '../outbox/attempt-delivery.ts'
import { outboxOf } from '../outbox/claims.ts'
import { type Deliverer, deliverer } from '../outbox/deliverer.ts'
import { deliveryMetrics } from '../outbox/delivery-metrics.ts'
import type { ReachableHosts } from '../signed-post/reachable-hosts.ts'
import { messageSender } from './send-message.ts'
import type { WebhookState } from './webhook.ts'
import { webhookChannel } from './webhook-channel.ts'
import { type WebhookOperations, webhookOperations } from './webhook-operations.ts'
import { type WebhookStore, webhookStore } from './webhook-store.ts'

export type WebhookDeliveryOptions = {
  readonly db: Kysely<Tables>
  readonly registry: Registry
  readonly sealing: SealingKeys
  readonly hosts: ReachableHosts
  /** how many attempts this process makes at one endpoint at the same time */
  readonly concurrency: number
  /** for one attempt */
  readonly timeoutMs: number
  /** an endpoint that failed for so long is disabled; 0: never */
  readonly disableAfterMs: number
  readonly clock: () => number
  /** 0 to 1 */
  readonly random: () => number
  readonly onDisabled: (id: string, state: WebhookState) => void
  readonly onFault: AttemptOptions['onFault']
}

/** Webhook endpoints of this process: the operations on them, and what delivers to them. */
export type WebhookDelivery = {
  readonly operations: WebhookOperations
  readonly store: WebhookStore
  readonly deliverer: Deliverer
  /** Reads the gauges of deliveries. */
  count(): Promise<void>
}

export function webhookDelivery(options: WebhookDeliveryOptions): WebhookDelivery {
  const { db, registry, sealing, hosts, timeoutMs, clock } = options
  const store = webhookStore(db, sealing)
  const send = messageSender({ hosts, keys: sealing, timeoutMs, clock })
  const metrics = deliveryMetrics(registry, db, 'webhook', clock)
  const channel = webhookChannel({
    ...options,
    send: (endpoint, { messageId, payload }, stopping) =>
      send(endpoint, { id: messageId, body: payload }, stopping)
  })
  const outbox = outboxOf(db)
  return {
    operations: webhookOperations({ db, store, hosts, send, clock }),
    store,
    deliverer: deliverer({ ...options, outbox, channel, onAttempt: metrics.attempted }),
    count: metrics.count
  }
}
