import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { Attempt, ClaimedDelivery, DeliveryKind } from './delivery.ts'
import type { Outbox } from './outbox.ts'
import { retryDelayMs } from './retry-delay.ts'

/** A target that may get deliveries now. */
export type ReadyTarget = {
  readonly target: string
  /** how many deliveries this process may attempt at the same time */
  readonly most: number
  /** Delivers. Never throws for what a receiver does. */
  send(delivery: ClaimedDelivery, stopping: AbortSignal): Promise<Attempt>
}

/** How one kind of deliveries is delivered. */
export type Channel = {
  readonly kind: DeliveryKind
  /** after this time, an attempt counts as given up */
  readonly leaseMs: number
  /** The targets that have due deliveries. */
  ready(nowMs: number): Promise<readonly ReadyTarget[]>
  /** Notes for the target what came of an attempt, in the transaction of the delivery. */
  note(transaction: Kysely<Tables>, target: string, attempt: Attempt, nowMs: number): Promise<void>
}

/** What came of an attempt: `failed` is repeated, `dead` is not. */
export type DeliveryOutcome = 'delivered' | 'failed' | 'dead'

type DelivererOptions = {
  readonly db: Kysely<Tables>
  readonly outbox: Outbox
  readonly channel: Channel
  readonly clock: () => number
  /** 0 to 1 */
  readonly random: () => number
  /** is called with each attempt that has ended, and with how long it took */
  readonly onAttempt: (outcome: DeliveryOutcome, seconds: number) => void
  /** is called if the outcome of an attempt cannot be noted: the delivery is attempted again */
  readonly onFault: (error: unknown) => void
}

/** Delivers what is due. Each target has attempts of its own, so a slow one delays no other. */
export type Deliverer = {
  /** Begins as many due attempts as each target may have, and does not wait for their results. */
  run(): Promise<void>
  /** Waits until no attempt is in progress and none is due. */
  idle(): Promise<void>
  /** Stops the attempts in progress, after a moment in which they can complete. */
  close(): Promise<void>
}

/** how long an attempt in progress may take when the process closes */
const CLOSE_MS = 1000

export function deliverer(options: DelivererOptions): Deliverer {
  const { outbox, channel, clock } = options
  const stopping = new AbortController()
  const attempts = new Map<string, Set<Promise<void>>>()
  let round: Promise<void> | null = null
  let isAgainDue = false
  let closed = false

  const attempt = (target: ReadyTarget, delivery: ClaimedDelivery): void => {
    const ofTarget = attempts.get(target.target) ?? new Set()
    attempts.set(target.target, ofTarget)
    const work: Promise<void> = attemptOne(options, target, delivery, stopping.signal)
      .catch(options.onFault)
      .then(() => {
        ofTarget.delete(work)
        if (ofTarget.size === 0) attempts.delete(target.target)
        // What a lane or a place has waited for. A fault is reported by the next round of `run`.
        if (!closed) void again().catch(() => {})
      })
    ofTarget.add(work)
  }

  const claimOnce = async (): Promise<void> => {
    const { kind, leaseMs } = channel
    const nowMs = clock()
    for (const ready of await channel.ready(nowMs)) {
      const most = ready.most - (attempts.get(ready.target)?.size ?? 0)
      if (closed || most <= 0) continue
      const { target } = ready
      const claimed = await outbox.claim({ kind, target, most, nowMs, leaseMs })
      for (const delivery of claimed) attempt(ready, delivery)
    }
  }

  const again = (): Promise<void> => {
    isAgainDue = true
    round ??= (async () => {
      try {
        while (isAgainDue && !closed) {
          isAgainDue = false
          await claimOnce()
        }
      } finally {
        round = null
      }
    })()
    return round
  }

  const inProgress = () => [...attempts.values()].flatMap((ofTarget) => [...ofTarget])
  return {
    run: again,
    async idle() {
      await again()
      while (inProgress().length > 0 || round !== null) {
        await Promise.all(inProgress())
        await round
      }
    },
    async close() {
      closed = true
      await round?.catch(() => {})
      const timer = setTimeout(() => stopping.abort(), CLOSE_MS)
      await Promise.all(inProgress())
      clearTimeout(timer)
    }
  }
}

/** @throws if the result cannot be noted */
async function attemptOne(
  { db, outbox, channel, clock, random, onAttempt }: DelivererOptions,
  { target, send }: ReadyTarget,
  delivery: ClaimedDelivery,
  stopping: AbortSignal
): Promise<void> {
  const startedMs = performance.now()
  const result = await send(delivery, stopping)
  if (result.outcome === 'stopped') return await outbox.release(delivery, clock())
  const nowMs = clock()
  const { status } = result
  const delayMs =
    result.outcome === 'delivered'
      ? null
      : retryDelayMs(delivery.attempt, result.retryAfterMs, random)
  const settlement =
    result.outcome === 'delivered'
      ? ({ state: 'delivered', atMs: nowMs, status } as const)
      : delayMs === null
        ? ({ state: 'dead', atMs: nowMs, fault: result.fault, status } as const)
        : ({ state: 'pending', dueAtMs: nowMs + delayMs, fault: result.fault, status } as const)
  await db.transaction().execute(async (transaction) => {
    await outbox.settle(transaction, delivery, settlement)
    await channel.note(transaction, target, result, nowMs)
  })
  const outcome = settlement.state === 'pending' ? 'failed' : settlement.state
  onAttempt(outcome, (performance.now() - startedMs) / 1000)
}
