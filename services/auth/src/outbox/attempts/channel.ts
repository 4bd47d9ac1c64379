import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import type { Attempt, ClaimedDelivery, DeliveryKind } from '../delivery.ts'

/** A target that may get deliveries now. */
export type ReadyTarget = {
  readonly target: string
  /**
   * a prefix of lanes, whose deliveries are limited separately; absent: all lanes of the target
   */
  readonly lanes?: string
  /** how many deliveries this process may attempt at the same time */
  readonly most: number
  /** Delivers. Never throws for what a receiver does. */
  send(delivery: ClaimedDelivery, stopping: AbortSignal): Promise<Attempt>
}

/** How one kind of deliveries is delivered. */
export type Channel = {
  readonly kind: DeliveryKind
  /** after this time, an attempt counts as abandoned */
  readonly leaseMs: number
  /** the pauses between its attempts; those of `retryDelayMs` if it has none of its own */
  readonly pausesSeconds?: readonly number[]
  /** The targets that have due deliveries. */
  ready(nowMs: number): Promise<readonly ReadyTarget[]>
  /**
   * Notes the result of an attempt for its target, in the transaction of the delivery.
   * @returns what to do when the transaction has taken effect; null if there is nothing
   */
  note(
    transaction: Kysely<Tables>,
    target: string,
    attempt: Attempt,
    nowMs: number
  ): Promise<(() => void) | null>
}
