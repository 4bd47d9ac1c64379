import type { Kysely } from 'kysely'
import type { Registry } from 'prom-client'
import type { Tables } from '../database/tables.ts'
import type { AttemptOptions } from '../outbox/attempts/attempt-delivery.ts'
import { type Deliverer, deliverer } from '../outbox/attempts/deliverer.ts'
import type { DeliveryClocks } from '../outbox/delivery.ts'
import { deliveryClaims } from '../outbox/delivery-claims.ts'
import { deliveryMetrics } from '../outbox/delivery-metrics.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import type { ReachableHosts } from '../signed-post/reachable-hosts.ts'
import type { WebhookState } from '../subscriptions/webhook.ts'
import { messageSender } from './send-message.ts'
import { webhookChannel } from './webhook-channel.ts'
import { type WebhookOperations, webhookOperations } from './webhook-operations.ts'
import { type WebhookStore, webhookStore } from './webhook-store.ts'

export type WebhookOptions = DeliveryClocks & {
  readonly db: Kysely<Tables>
  readonly registry: Registry
  readonly sealing: SealingKeys
  readonly hosts: ReachableHosts
  /** how many attempts this process makes at one endpoint at the same time */
  readonly concurrency: number
  /** for one attempt */
  readonly timeoutMs: number
  /** how long an endpoint may fail before it is disabled; 0: forever */
  readonly disableAfterMs: number
  /** 0 to 1 */
  readonly random: () => number
  readonly onDisabled: (id: string, state: WebhookState) => void
  readonly onFault: AttemptOptions['onFault']
}

/** Webhook endpoints of this process: the operations on them, and what delivers to them. */
export type WebhookParts = {
  readonly operations: WebhookOperations
  readonly store: WebhookStore
  readonly deliverer: Deliverer
  /** Reads the gauges of deliveries. */
  count(): Promise<void>
}

export function webhookParts(options: WebhookOptions): WebhookParts {
  const { db, registry, sealing, hosts, timeoutMs, clock } = options
  const store = webhookStore(db, sealing)
  const send = messageSender({ hosts, keys: sealing, timeoutMs, clock })
  const metrics = deliveryMetrics(registry, db, 'webhook', options)
  const channel = webhookChannel({
    ...options,
    send: (endpoint, { messageId, payload }, stopping) =>
      send(endpoint, { id: messageId, body: payload }, stopping)
  })
  const claims = deliveryClaims(db)
  return {
    operations: webhookOperations({ db, store, hosts, send, clock }),
    store,
    deliverer: deliverer({ ...options, claims, channel, onAttempt: metrics.attempted }),
    count: metrics.count
  }
}
