/** Both in milliseconds. */
export type DeliveryClocks = {
  /** since 1970: decides what is due */
  readonly clock: () => number
  /** never set back: for pauses */
  readonly monotonicClock: () => number
}

/** What the outbox delivers. Each kind has a channel of its own. */
export type DeliveryKind = 'webhook' | 'mail'

/**
 * `dead`: every attempt failed, and an operator has to decide. `discarded`: it is not delivered,
 * because an operator decided so, or because there is no recipient.
 */
export const deliveryStates = ['pending', 'delivered', 'dead', 'discarded'] as const
export type DeliveryState = (typeof deliveryStates)[number]

/** A message for one target. */
export type NewDelivery = {
  readonly kind: DeliveryKind
  readonly target: string
  /** deliveries of one lane to one target come one after the other, in the order of the queue */
  readonly lane: string
  /** the same for all targets of a message: receivers recognise a repeated delivery by it */
  readonly messageId: string
  readonly topic: string
  readonly payload: string
  /** as `DeliveryTable` has it */
  readonly recipient?: string
}

/** A delivery that this process may attempt now. */
export type ClaimedDelivery = NewDelivery & {
  readonly id: string
  /** identifies the attempt: if another process has claimed the delivery since, a note fails */
  readonly claim: string
  /** 1 for the first one */
  readonly attempt: number
  readonly createdAtMs: number
}

/** A delivery as operators see it. */
export type Delivery = Omit<NewDelivery, 'lane' | 'payload'> & {
  readonly id: string
  readonly state: DeliveryState
  readonly attempts: number
  /**
   * milliseconds since 1970, as the other times; null unless it is pending, and while it waits for
   * an earlier one of its lane
   */
  readonly dueAtMs: number | null
  readonly createdAtMs: number
  readonly settledAtMs: number | null
  readonly fault: string | null
  readonly status: number | null
}

/** The fault of an attempt that failed in this process, whatever the receiver does. */
export const INTERNAL_FAULT = 'internal'

/** The result of an attempt. */
export type Attempt =
  | { readonly outcome: 'delivered'; readonly status: number | null }
  | {
      readonly outcome: 'failed'
      /** a word of ours, never a text of the receiver or of a library */
      readonly fault: string
      readonly status: number | null
      /** how long the receiver asks to wait */
      readonly retryAfterMs: number | null
      /** whether another attempt would fail as well */
      readonly isFinal?: boolean
    }
  /** there is no recipient */
  | { readonly outcome: 'discarded'; readonly fault: string }
  /** this process closes; the attempt is not counted */
  | { readonly outcome: 'stopped' }

/** An attempt that got no response. */
export const failed = (fault: string): Attempt => ({
  outcome: 'failed',
  fault,
  status: null,
  retryAfterMs: null
})
