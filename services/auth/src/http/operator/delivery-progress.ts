import type { Delivery } from '../../outbox/delivery.ts'
import { instantOrNull } from '../fields.ts'

/** A time in a response. */
export const dated = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString()

export const NextAttempt = instantOrNull(
  'When the next attempt is due; null unless it is pending, and while it waits for an earlier one.'
)

/** What operators see of a delivery of any kind. */
export const progressOf = (delivery: Delivery) => ({
  state: delivery.state,
  attempts: delivery.attempts,
  fault: delivery.fault,
  status: delivery.status,
  createdAt: new Date(delivery.createdAtMs).toISOString(),
  nextAttemptAt: dated(delivery.dueAtMs),
  settledAt: dated(delivery.settledAtMs)
})
