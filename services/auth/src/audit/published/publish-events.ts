import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import { queueDeliveries } from '../../outbox/queue-deliveries.ts'
import { subscribers } from '../../subscriptions/subscribers.ts'
import type { AuditEvent } from '../audit-event.ts'
import { publishedEvent } from './published-event.ts'

/** An event, and when it happened, in milliseconds since 1970. */
export type DatedEvent = { readonly event: AuditEvent; readonly atMs: number }

/**
 * Queues events for every endpoint that wants them, in the transaction of the events. Events of one
 * subject are delivered in their order: the changes of an account lock it, so their transactions
 * come one after the other.
 */
export async function publishEvents(
  transaction: Kysely<Tables>,
  dated: readonly DatedEvent[]
): Promise<void> {
  const [first] = dated
  const messages = dated.flatMap(({ event, atMs }) => {
    const message = publishedEvent(event, atMs)
    return message === null ? [] : [{ ...message, subject: event.subject }]
  })
  if (first === undefined || messages.length === 0) return
  const all = await subscribers(transaction)
  if (all.length === 0) return
  const deliveries = messages.flatMap(({ type, body, subject }) => {
    const messageId = `msg_${randomUUID()}`
    return all
      .filter((subscriber) => subscriber.wants(type))
      .map(({ id }) => ({
        kind: 'webhook' as const,
        target: id,
        lane: subject ?? messageId,
        messageId,
        topic: type,
        payload: body
      }))
  })
  await queueDeliveries(transaction, deliveries, first.atMs)
}
