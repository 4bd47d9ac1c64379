import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { Channel, ReadyTarget } from './channel.ts'
import type { Attempt, ClaimedDelivery } from './delivery.ts'
import type { Outbox, Settlement } from './outbox.ts'
import { retryDelayMs } from './retry-delay.ts'

/** The result of an attempt: `failed` is attempted again, `dead` is not. */
export type DeliveryOutcome = 'delivered' | 'failed' | 'dead'

export type AttemptOptions = {
  readonly db: Kysely<Tables>
  readonly outbox: Outbox
  readonly channel: Channel
  readonly clock: () => number
  /** 0 to 1 */
  readonly random: () => number
  /** is called with each attempt that has ended, and with how long it took */
  readonly onAttempt: (outcome: DeliveryOutcome, seconds: number) => void
}

/**
 * Attempts a delivery once and notes the result.
 * @throws if the result cannot be noted
 */
export async function attemptDelivery(
  { db, outbox, channel, clock, random, onAttempt }: AttemptOptions,
  { target, send }: ReadyTarget,
  delivery: ClaimedDelivery,
  stopping: AbortSignal
): Promise<void> {
  const startedMs = performance.now()
  const result = await send(delivery, stopping)
  if (result.outcome === 'stopped') return await outbox.release(delivery, clock())
  const nowMs = clock()
  const settlement = settlementOf(result, delivery.attempt, nowMs, random)
  await db.transaction().execute(async (transaction) => {
    await outbox.settle(transaction, delivery, settlement)
    await channel.note(transaction, target, result, nowMs)
  })
  const outcome = settlement.state === 'pending' ? 'failed' : settlement.state
  onAttempt(outcome, (performance.now() - startedMs) / 1000)
}

/** @param attempt 1 for the first one */
function settlementOf(
  result: Exclude<Attempt, { outcome: 'stopped' }>,
  attempt: number,
  nowMs: number,
  random: () => number
): Settlement {
  const { status } = result
  if (result.outcome === 'delivered') return { state: 'delivered', atMs: nowMs, status }
  const { fault, retryAfterMs } = result
  const delayMs = retryDelayMs(attempt, retryAfterMs, random)
  return delayMs === null
    ? { state: 'dead', atMs: nowMs, fault, status }
    : { state: 'pending', dueAtMs: nowMs + delayMs, fault, status }
}
