import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { RequestSource } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import { eventTypes } from '../audit/published/published-event.ts'
import type { Tables } from '../database/tables.ts'
import type { Attempt, Delivery, DeliveryState } from '../outbox/delivery.ts'
import { deliveryOperations } from '../outbox/delivery-operations.ts'
import { invalidMember } from '../refusals.ts'
import type { ReachableHosts } from '../signed-post/reachable-hosts.ts'
import type { Webhook } from '../subscriptions/webhook.ts'
import type { SendMessage } from './send-message.ts'
import { tooManyEndpoints } from './webhook-refusals.ts'
import { eventOf, type WebhookStore } from './webhook-store.ts'
import { checkedUrl } from './webhook-url.ts'

/** The operations on webhook endpoints. Each change is one transaction with its event. */
export type WebhookOperations = {
  /**
   * Adds an endpoint, with a secret that no later response contains.
   * @throws Refusal INVALID_REQUEST naming the invalid member
   */
  add(
    endpoint: Pick<Webhook, 'url' | 'events'>,
    source: RequestSource
  ): Promise<{ readonly webhook: Webhook; readonly secret: string }>
  /** The oldest first. */
  list(): Promise<Webhook[]>
  /** Removes an endpoint and everything that waits for it. False if there is none. */
  remove(id: string, source: RequestSource): Promise<boolean>
  enable(id: string, source: RequestSource): Promise<boolean>
  disable(id: string, source: RequestSource): Promise<boolean>
  /**
   * Replaces the secret. The previous secret also signs for this time. Null if there is no
   * endpoint.
   */
  rotateSecret(id: string, overlapSeconds: number, source: RequestSource): Promise<string | null>
  /** Sends an event of the type `webhook.test`, once and now. Null if there is no endpoint. */
  test(id: string): Promise<Attempt | null>
  /** The newest first. */
  deliveries(query: {
    readonly webhook?: string | undefined
    readonly state?: DeliveryState | undefined
    readonly limit: number
  }): Promise<Delivery[]>
  /** Queues a dead delivery again. False if there is none. */
  retry(deliveryId: string, source: RequestSource): Promise<boolean>
  /** The same for all dead deliveries of an endpoint. Null if there is no endpoint. */
  retryAll(id: string, source: RequestSource): Promise<number | null>
  /** A pending or dead delivery is not attempted again. False if there is none. */
  discard(deliveryId: string, source: RequestSource): Promise<boolean>
}

/** each has attempts of its own in every process */
const MOST_WEBHOOKS = 50

type WebhookOperationsOptions = {
  readonly db: Kysely<Tables>
  readonly store: WebhookStore
  readonly hosts: ReachableHosts
  readonly send: SendMessage
  readonly clock: () => number
}

export function webhookOperations(ports: WebhookOperationsOptions): WebhookOperations {
  const { store, hosts, send, clock } = ports
  const by = (source: RequestSource) => ({ source, clock })
  return {
    async add({ url, events }, source) {
      const known = [...new Set(events)]
      const unknown = known.find((type) => !eventTypes.includes(type))
      if (unknown !== undefined) {
        throw invalidMember('events', `must be event types: ${eventTypes.join(', ')}`)
      }
      const checked = checkedUrl(url, hosts)
      const added = await store.insert({ url: checked, events: known }, MOST_WEBHOOKS, by(source))
      if (added !== null) return added
      throw tooManyEndpoints(MOST_WEBHOOKS)
    },
    list: () => store.list(),
    remove: (id, source) => store.remove(id, by(source)),
    enable: (id, source) => store.setState(id, 'enabled', by(source)),
    disable: (id, source) => store.setState(id, 'disabled', by(source)),
    rotateSecret: (id, overlapSeconds, source) =>
      store.rotateSecret(id, clock() + overlapSeconds * 1000, by(source)),
    async test(id) {
      const row = await store.find(id)
      if (row === null) return null
      const timestamp = new Date(clock()).toISOString()
      const body = JSON.stringify({ type: 'webhook.test', timestamp, data: {} })
      return await send(row, { id: `msg_${randomUUID()}`, body }, new AbortController().signal)
    },
    ...endpointDeliveries(ports)
  }
}

type EndpointDeliveries = Pick<WebhookOperations, 'deliveries' | 'retry' | 'retryAll' | 'discard'>

function endpointDeliveries({ db, store, clock }: WebhookOperationsOptions): EndpointDeliveries {
  const deliveries = deliveryOperations(db)
  return {
    deliveries: ({ webhook, state, limit }) =>
      deliveries.list({ kind: 'webhook', target: webhook, state, limit }),
    async retry(deliveryId, source) {
      const delivery = await deliveries.find('webhook', deliveryId)
      if (delivery === null) return false
      return await db.transaction().execute(async (transaction) => {
        if (!(await deliveries.retry(transaction, 'webhook', deliveryId, clock()))) return false
        const event = eventOf(
          'webhook-deliveries-retried',
          delivery.target,
          { source },
          { count: 1 }
        )
        await writeAudit(transaction, event, clock())
        return true
      })
    },
    async retryAll(id, source) {
      if ((await store.find(id)) === null) return null
      const dead = { kind: 'webhook', target: id } as const
      return await deliveries.retryAll(dead, clock(), async (transaction, count) => {
        const event = eventOf('webhook-deliveries-retried', id, { source }, { count })
        await writeAudit(transaction, event, clock())
      })
    },
    async discard(deliveryId, source) {
      const delivery = await deliveries.find('webhook', deliveryId)
      if (delivery === null) return false
      return await db.transaction().execute(async (transaction) => {
        if (!(await deliveries.discard(transaction, 'webhook', deliveryId, clock()))) return false
        const detail = { message: delivery.messageId }
        const event = eventOf('webhook-delivery-discarded', delivery.target, { source }, detail)
        await writeAudit(transaction, event, clock())
        return true
      })
    }
  }
}
