import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import { type Attempt, type ClaimedDelivery, failed, INTERNAL_FAULT } from '../delivery.ts'
import type { DeliveryClaims, Settlement } from '../delivery-claims.ts'
import type { Channel, ReadyTarget } from './channel.ts'
import { retryDelayMs } from './retry-delay.ts'

/** The result of an attempt: `failed` is attempted again, `dead` and `discarded` are not. */
export type DeliveryOutcome = 'delivered' | 'failed' | 'dead' | 'discarded'

export type AttemptOptions = {
  readonly db: Kysely<Tables>
  readonly claims: DeliveryClaims
  readonly channel: Channel
  readonly clock: () => number
  /** 0 to 1 */
  readonly random: () => number
  /** is called with each attempt that has ended, and with how long it took */
  readonly onAttempt: (outcome: DeliveryOutcome, seconds: number) => void
  /**
   * is called if this process cannot send a message, which fails with `INTERNAL_FAULT`, or cannot
   * note the result of an attempt, which is then made again
   */
  readonly onFault: (error: unknown, failed: 'send' | 'note') => void
}

/**
 * Attempts a delivery once and notes the result.
 * @throws if the result cannot be noted
 */
export async function attemptDelivery(
  options: AttemptOptions,
  { target, send }: ReadyTarget,
  delivery: ClaimedDelivery,
  stopping: AbortSignal
): Promise<void> {
  const { db, claims, channel, clock, random, onAttempt, onFault } = options
  const startedMs = performance.now()
  const result = await sent(() => send(delivery, stopping), stopping, onFault)
  if (result.outcome === 'stopped') return await claims.release(delivery, clock())
  const nowMs = clock()
  const delayOf = (retryAfterMs: number | null) =>
    retryDelayMs(delivery.attempt, retryAfterMs, random, channel.pausesSeconds)
  const settlement = settlementOf(result, nowMs, delayOf)
  const noted = await db.transaction().execute(async (transaction) => {
    // First, because it may wait for other attempts at the target: transactions that queue
    // deliveries wait for the lane, which `settle` locks.
    const afterwards = await channel.note(transaction, target, result, nowMs)
    await claims.settle(transaction, delivery, settlement)
    return afterwards
  })
  noted?.()
  const outcome = settlement.state === 'pending' ? 'failed' : settlement.state
  onAttempt(outcome, (performance.now() - startedMs) / 1000)
}

/** What `send` throws is a fault of this process: of a template, a key, the disk, the database. */
async function sent(
  send: () => Promise<Attempt>,
  stopping: AbortSignal,
  onFault: AttemptOptions['onFault']
): Promise<Attempt> {
  try {
    return await send()
  } catch (error) {
    if (stopping.aborted) return { outcome: 'stopped' }
    onFault(error, 'send')
    return failed(INTERNAL_FAULT)
  }
}

/** @param delayOf the pause before the next attempt, in milliseconds; null: there is none */
function settlementOf(
  result: Exclude<Attempt, { outcome: 'stopped' }>,
  nowMs: number,
  delayOf: (retryAfterMs: number | null) => number | null
): Settlement {
  if (result.outcome === 'delivered') {
    return { state: 'delivered', atMs: nowMs, status: result.status }
  }
  const { outcome, fault } = result
  if (outcome === 'discarded') return { state: 'discarded', atMs: nowMs, fault, status: null }
  const { status, retryAfterMs, isFinal = false } = result
  const delayMs = isFinal ? null : delayOf(retryAfterMs)
  return delayMs === null
    ? { state: 'dead', atMs: nowMs, fault, status }
    : { state: 'pending', dueAtMs: nowMs + delayMs, fault, status }
}
