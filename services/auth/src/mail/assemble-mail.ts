import type { Registry } from 'prom-client'
import type { SealingKeys } from '../keys/seal.ts'
import type { AttemptOptions } from '../outbox/attempt-delivery.ts'
import { outboxOf } from '../outbox/claims.ts'
import { type Deliverer, deliverer } from '../outbox/deliverer.ts'
import { deliveryMetrics } from '../outbox/delivery-metrics.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import { type MailChannelOptions, mailChannel } from './mail-channel.ts'
import { type MailOperations, mailOperations } from './mail-operations.ts'
import { type MailQueue, mailQueue } from './mail-queue.ts'

export type MailDeliveryOptions = MailChannelOptions & {
  readonly registry: Registry
  readonly sealing: SealingKeys
  readonly ring: KeyRing
  readonly mostWaiting?: number
  readonly onFault: AttemptOptions['onFault']
}

/** Letters to users. */
export type Mail = MailQueue &
  MailOperations &
  Pick<MailChannelOptions['templates'], 'languageFor'> & {
    /** whether letters are sent; otherwise nothing may be queued that waits for one */
    readonly isOn: boolean
  }

/** The letters of this process: the queue, the operations on it, and what sends them. */
export type MailDelivery = {
  readonly mail: Mail
  readonly deliverer: Deliverer
  /** Reads the gauges of letters. */
  count(): Promise<void>
}

export function mailDelivery(options: MailDeliveryOptions): MailDelivery {
  const { db, registry, templates, clock } = options
  const metrics = deliveryMetrics(registry, db, 'mail', clock)
  return {
    mail: {
      ...mailQueue(options),
      ...mailOperations(db, clock),
      languageFor: templates.languageFor,
      isOn: true
    },
    deliverer: deliverer({
      ...options,
      outbox: outboxOf(db),
      channel: mailChannel(options),
      onAttempt: metrics.attempted
    }),
    count: metrics.count
  }
}
